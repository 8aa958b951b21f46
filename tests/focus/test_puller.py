"""Pulls to the number; and for any targets: no jumps, exact arrivals, nothing smoothed across."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackfocus.focus.puller import FocusPuller, smoothed
from rackfocus.types import InputError


def steps(levels, starts, frames):
    """A curve of one level a subject."""
    curve = np.empty(frames)
    for level, start in zip(levels, [0, *starts], strict=True):
        curve[start:] = level
    return curve


def test_a_linear_pull_arrives_early_and_stays():
    focus = FocusPuller(10, 2)(steps([4.0, 14.0], [30], 40), [30])
    np.testing.assert_allclose(focus[:18], 4)
    np.testing.assert_allclose(focus[18:29], np.arange(4.0, 15.0))
    np.testing.assert_allclose(focus[28:], 14)


def test_an_eased_pull_sets_off_and_arrives_gently():
    focus = FocusPuller(4, 0, "eased")(steps([0.0, 32.0], [10], 20), [10])
    np.testing.assert_allclose(focus[5:12], [0, 0, 5, 16, 27, 32, 32])


def test_a_pull_waits_for_the_one_before_if_it_can():
    focus = FocusPuller(10, 0)(steps([0.0, 10.0, 24.0], [20, 27], 40), [20, 27])
    assert focus[20] == pytest.approx(10)
    np.testing.assert_allclose(np.diff(focus[20:28]), 2)


def test_else_it_sets_off_from_where_focus_is():
    focus = FocusPuller(10, 0)(steps([0.0, 10.0, 0.0], [20, 22], 40), [20, 22])
    np.testing.assert_allclose(focus[10:18], np.arange(8))
    np.testing.assert_allclose(focus[17:23], 7 - 1.4 * np.arange(6))


def test_a_pull_never_crosses_a_cut():
    curve = steps([0.0, 10.0], [30], 40)
    for cut in (22, 29, 30):
        focus = FocusPuller(10, 2)(curve, [30], [cut])
        np.testing.assert_allclose(focus, np.where(np.arange(40) < cut, 0, 10))
    np.testing.assert_array_equal(FocusPuller(10, 2)(curve, [30], [18]), FocusPuller(10, 2)(curve, [30]))


def test_when_pulls_begin_and_end():
    puller = FocusPuller(10, 2)
    assert puller.intervals([0, 30, 60]) == ((18, 28), (48, 58))
    assert FocusPuller(10, 0).intervals([20, 27]) == ((10, 20), (20, 27))  # waits for the one before
    assert FocusPuller(10, 0).intervals([20, 22]) == ((10, 17), (17, 22))  # breaks it off
    assert puller.intervals([3, 4]) == ((0, 2),)
    assert puller.intervals([30], [22]) == puller.intervals([30], [30]) == ()
    assert puller.intervals([30], [18]) == ((18, 28),)
    assert FocusPuller(0, 0).intervals([30]) == puller.intervals([]) == ()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 79), max_size=5), st.lists(st.integers(0, 79), max_size=3),
       st.integers(0, 12), st.integers(0, 4), st.integers(0, 2**31))  # fmt: skip
def test_focus_moves_in_these_intervals_and_jumps_else(starts, cuts, duration, early, seed):
    inside = sorted({start for start in starts if start})
    levels = np.random.default_rng(seed).uniform(-20, 20, len(inside) + 1)
    puller = FocusPuller(duration, early, smoothing_frames=0)
    changes = set(np.flatnonzero(np.diff(puller(steps(levels, inside, 80), starts, cuts))).tolist())
    moves = {at for begin, end in puller.intervals(starts, cuts) for at in range(begin, end)}
    assert moves <= changes
    jumps = (
        {at - 1 for at in cuts} if duration else {at - 1 for at in cuts} | {at - early - 1 for at in inside}
    )
    assert changes - moves <= jumps


def test_no_duration_is_a_jump():
    np.testing.assert_allclose(FocusPuller(0, 0)(steps([0.0, 9.0], [3], 5), [3]), [0, 0, 0, 9, 9])


def test_what_is_not_known_is_held_and_then_pulled_to():
    curve = steps([5.0, 15.0], [40], 50)
    curve[10:40] = np.nan
    focus = FocusPuller(10, 0)(curve, [])
    np.testing.assert_allclose(focus[:31], 5)
    np.testing.assert_allclose(focus[30:41], np.arange(5.0, 16.0))
    curve[:] = np.nan
    np.testing.assert_array_equal(FocusPuller()(curve, [20]), np.zeros(50))
    curve[45] = 3
    np.testing.assert_allclose(FocusPuller()(curve, [20]), np.full(50, 3.0))


def test_a_subject_that_is_found_late_in_a_new_shot_is_focused_on_from_its_beginning():
    curve = steps([5.0, 15.0], [30], 50)
    curve[20:30] = np.nan
    focus = FocusPuller(10, 0)(curve, [], [20])
    np.testing.assert_allclose(focus, np.where(np.arange(50) < 20, 5, 15))


def test_jitter_is_smoothed_and_motion_is_not():
    random = np.random.default_rng(0)
    line = np.linspace(-3, 9, 200)
    np.testing.assert_allclose(FocusPuller()(line, []), line, atol=1e-9)
    noisy = line + random.normal(0, 0.3, 200)
    noisy[50] += 40
    smooth = FocusPuller()(noisy, [])
    assert np.abs(smooth - line).max() < 0.45
    assert np.abs(np.diff(smooth - line)).mean() < 0.15 * np.abs(np.diff(noisy - line)).mean()
    np.testing.assert_array_equal(FocusPuller(smoothing_frames=0)(noisy, []), noisy)


def test_smoothing_is_weighted_regression():
    random = np.random.default_rng(1)
    times = np.cumsum(random.integers(1, 4, 30)).astype(float)
    values = 0.3 * times**2
    smooth = smoothed(values, times, 6)
    for at, time in enumerate(times):
        weights = np.clip(1 - np.abs((times - time) / 7) ** 3, 0, None) ** 3
        if (weights > 0).sum() > 1:
            fit = np.polynomial.Polynomial.fit(times, values, 1, w=np.sqrt(weights))
            assert smooth[at] == pytest.approx(fit(time), rel=1e-6)


CURVES = st.lists(st.floats(-20, 20), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(CURVES, st.lists(st.integers(1, 79), min_size=4, max_size=4, unique=True),
       st.integers(2, 12), st.integers(0, 4), st.sampled_from(["linear", "eased"]))  # fmt: skip
def test_focus_never_jumps_and_arrives_where_there_is_time(levels, times, duration, early, easing):
    starts = sorted(times)[: len(levels) - 1]
    levels = levels[: len(starts) + 1]
    focus = FocusPuller(duration, early, easing)(steps(levels, starts, 80), starts)
    reach = max(levels) - min(levels)
    assert focus.min() >= min(levels) - 1e-9
    assert focus.max() <= max(levels) + 1e-9
    # A pull has half its time at least, but for the first frames; smoothstep is half as fast again.
    if not starts or starts[0] >= duration + early:
        fastest = (1.5 if easing == "eased" else 1.0) * reach / ((duration + 1) // 2)
        assert np.abs(np.diff(focus)).max() <= fastest + 1e-9
    for start, level, following in zip(starts, levels[1:], [*starts[1:], 99], strict=False):
        if following - early - start >= (duration + 1) // 2:
            assert focus[start] == pytest.approx(level)


@settings(max_examples=20, deadline=None)
@given(st.integers(10, 30), st.floats(-50, 50))
def test_nothing_is_smoothed_across_a_start_or_a_cut(at, level):
    random = np.random.default_rng(2)
    curve = random.normal(0, 1, 40)
    other = curve.copy()
    other[at:] += level
    for starts, cuts in (([at], []), ([], [at])):
        one, two = (FocusPuller(0, 0)(each, starts, cuts) for each in (curve, other))
        np.testing.assert_allclose(one[:at], two[:at])
        np.testing.assert_allclose(one[at:] + level, two[at:], atol=1e-9)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"duration_frames": -1}, "duration_frames must be 0 or more"),
        ({"early_frames": -1}, "early_frames must be 0 or more"),
        ({"easing": "fast"}, "easing must be one of linear, eased"),
        ({"smoothing_frames": -1}, "smoothing_frames must be 0 or more"),
    ],
)
def test_mistakes(settings, says):
    with pytest.raises(InputError, match=says):
        FocusPuller(**settings)
