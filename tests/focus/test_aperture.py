"""From known disparities to known stops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackfocus.focus.annotation.keyframes import f_number_at
from rackfocus.focus.aperture import STOPS, keyframes_of, shot_apertures
from rackfocus.types import FocusTarget, FocusTrack, InputError, Lens

FPS, WIDE_PX = 10, 1920


def track(focus, half_depth, *, starts=(0,), cuts=(), pulls=()):
    """Subjects that extend by `half_depth` to both sides of the disparity in focus."""
    focus = np.array(focus, float)
    half_depth = np.broadcast_to(np.array(half_depth, float), focus.shape)
    return FocusTrack(
        tuple(FocusTarget(start, 1.0, 1.0, source="action") for start in starts),
        np.zeros((len(focus), 2)),
        focus,
        np.ones(len(focus)),
        pulls,
        depth=np.stack([focus - half_depth, focus + half_depth], axis=1),
        cuts=cuts,
    )


def chosen(made, *, lens=None, longer_side_px=WIDE_PX):
    return shot_apertures(made, lens or Lens(), longer_side_px=longer_side_px, fps=FPS)


@pytest.mark.parametrize(
    ("half_depth", "f_number", "why"),
    [
        (0.0, 1.4, "Its subject is whole even at the widest aperture."),
        (0.7, 1.4, "Its subject is whole even at the widest aperture."),
        (1.0, 2.0, "It is the widest aperture that keeps its subject whole."),
        (1.4, 2.8, "It is the widest aperture that keeps its subject whole."),
        (1.45, 3.2, "It is the widest aperture that keeps its subject whole."),
        (4.0, 8.0, "It is the widest aperture that keeps its subject whole."),
        (10.0, 8.0, "It would take f/20 to keep its subject whole, at which nothing around is soft."),
    ],
)
def test_the_ends_of_the_subject_blur_by_a_pixel_at_most(half_depth, f_number, why):
    (only,) = chosen(track([3.0] * 20, half_depth))
    assert (only.first, only.stop, only.f_number, only.why) == (0, 20, f_number, why)


def test_pixels_and_disparity_have_the_scale_of_the_video_and_the_lens():
    deep = track([3.0] * 20, 1.4)
    assert chosen(deep, longer_side_px=3840)[0].f_number == 1.4
    # The same blur radii, of a lens of f/4: a fully opened one has twice as much.
    assert chosen(deep, lens=Lens(reference_f_number=4.0))[0].f_number == 5.6


def test_two_who_take_turns_are_both_recognizable():
    # Eight pixels at f/2 are four at f/4.
    focus = [0.0] * 40 + [8.0] * 40 + [0.0] * 40
    (only,) = chosen(track(focus, 0.2, starts=(0, 40, 80)))
    assert only.f_number == 4.0
    assert only.why == "It is the widest aperture that keeps those who take turns recognizable."
    # With a minute on each, nobody goes to and fro.
    focus = [0.0] * 600 + [8.0] * 600
    assert chosen(track(focus, 0.2, starts=(0, 600)))[0].f_number == 1.4


def test_one_who_walks_takes_no_turns():
    assert chosen(track(np.linspace(0, 40, 200), 0.2))[0].f_number == 1.4


def test_each_shot_has_its_own_and_keeps_it():
    half_depth = [0.0] * 30 + [2.0] * 30 + [np.nan] * 10
    shots = chosen(track([1.0] * 70, half_depth, starts=(0, 30), cuts=(30, 60)))
    assert [(each.first, each.stop, each.f_number) for each in shots] == [
        (0, 30, 1.4), (30, 60, 4.0), (60, 70, 2.0)
    ]  # fmt: skip
    assert shots[2].why == "No subject is known in this shot."
    keyframes = keyframes_of(shots)
    told = [f_number_at(keyframes, index, 0.0) for index in range(80)]
    assert told == pytest.approx([1.4] * 30 + [4.0] * 30 + [2.0] * 20)


def test_single_frames_and_pulls_close_nothing():
    half_depth = np.full(100, 1.0)
    half_depth[[7, 50, 51]] = 30.0
    assert chosen(track([2.0] * 100, half_depth))[0].f_number == 2.0
    moving = track([2.0] * 100, 1.0, starts=(0, 60), pulls=((40, 50),))
    # Focus has arrived ten frames early, and the subject before is not in focus any more.
    moving.depth[40:60] += 50
    assert chosen(moving)[0].f_number == 2.0


@given(
    st.lists(st.floats(0, 20), min_size=1, max_size=30),
    st.lists(st.integers(1, 29), max_size=3),
)
def test_nearly_all_frames_are_whole_unless_it_is_the_narrowest(half_depth, cuts):
    made = track([1.0] * len(half_depth), half_depth, cuts=tuple(cuts))
    shots = chosen(made)
    assert [each.first for each in shots] == [0, *(each.stop for each in shots[:-1])]
    assert shots[-1].stop == len(half_depth)
    for each in shots:
        assert each.f_number in STOPS
        blur = 2.0 * np.quantile(half_depth[each.first : each.stop], 0.9) / each.f_number
        assert blur <= 1.02 or each.f_number == STOPS[-1]
        wider = [stop for stop in STOPS if stop < each.f_number]
        assert not wider or blur * each.f_number / wider[-1] > 1


def test_a_track_without_depth_is_told():
    with pytest.raises(InputError, match="f_number=auto needs a focus track that knows how deep"):
        chosen(FocusTrack((), np.zeros((3, 2)), np.zeros(3), np.ones(3)))
