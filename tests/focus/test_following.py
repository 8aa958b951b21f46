"""From targets to a track, with trackers whose word is known."""

from dataclasses import replace

import numpy as np
import pytest

from rackfocus.focus.following import Following
from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.subjects.followed_subject import PATIENCE_FRAMES, Sight
from rackfocus.focus.trackers.opencv import KCF
from rackfocus.focus.trackers.recovering import RecoveringTracker
from rackfocus.focus.trackers.tracker import Tracked
from rackfocus.types import FocusTarget, InputError

HEIGHT, WIDTH = 60, 100
IMAGE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)


class Moving:
    """A tracker whose subject goes right by a pixel a frame, and is lost where a red pixel says so."""

    def start(self, image, box):  # noqa: ARG002
        self.box = box

    def follow(self, image, *, is_cut=False):
        if image[0, 0, 0] or is_cut:
            return Tracked(self.box, 0.0)
        left, top, right, bottom = self.box
        self.box = (left + 1, top, right + 1, bottom)
        return Tracked(self.box, 0.8)


def plane(columns=WIDTH):
    """Disparity grows by one a pixel of the image, whatever its cells."""
    return np.tile((np.arange(columns) + 0.5) * WIDTH / columns, (HEIGHT * columns // WIDTH, 1))


def followed(
    targets,
    frames,
    *,
    lost=(),
    cuts=(),
    disparity=None,
    puller=None,
    tracker=None,
    scale_from_source=1.0,
    seen=None,
):
    following = Following(
        targets,
        tracker=tracker or Moving(),
        puller=puller or FocusPuller(4, 0, smoothing_frames=0),
        scale_from_source=scale_from_source,
        seen=seen,
    )
    for index in range(frames):
        image = IMAGE.copy()
        image[0, 0, 0] = 255 * (index in lost)
        following.push(image, plane() if disparity is None else disparity, index in cuts)
    return following.finish()


def boxed(t, x, **more):
    return FocusTarget(t, x, 30.0, (x - 4, 26.0, x + 4, 34.0), **more)


def test_the_track_knows_when_focus_moves():
    track = followed([boxed(0, 20), boxed(10, 60), boxed(20, 20), boxed(99, 60)], 30, cuts=[18])
    assert track.pulls == ((6, 10),)  # with the cut it jumps, and the last comes after the end


def test_a_subject_is_followed_and_its_disparity_read():
    track = followed([boxed(0, 20)], 10)
    np.testing.assert_allclose(track.points, [(20 + index, 30) for index in range(10)])
    np.testing.assert_allclose(track.focal_disparity, 20.5 + np.arange(10), atol=1.1)
    np.testing.assert_allclose(track.confidence, [1] + 9 * [0.8])
    assert track.warnings == ()
    assert track.targets == (boxed(0, 20),)


def test_where_the_subject_is_seen_the_tracker_is_not_asked():
    target = boxed(0, 20)
    # The tracker drifts by a pixel a frame, and is lost in frame 7; the subject is seen in frames 3, 4 and 8.
    seen = {target: {index: Sight(boxed(0, x).box) for index, x in ((3, 50), (4, 52), (8, 70))}}
    track = followed([target], 11, lost=[4, 7], seen=seen)
    np.testing.assert_allclose(track.points[:, 0], [20, 21, 22, 50, 52, 53, 54, 54, 70, 71, 72])
    np.testing.assert_allclose(track.confidence, [1, 0.8, 0.8, 1, 1, 0.8, 0.8, 0, 1, 0.8, 0.8])
    read = track.confidence > 0
    np.testing.assert_allclose(track.focal_disparity[read], track.points[read, 0] + 0.5, atol=1.1)
    assert "was lost in frames 7;" in track.warnings[0]


def test_a_tracker_bridges_from_the_frame_in_which_the_subject_was_last_seen():
    class Recorded(Moving):
        started = []  # noqa: RUF012

        def start(self, image, box):
            self.started.append((int(image[0, 1, 0]), box))
            super().start(image, box)

    target, other = boxed(0, 20), boxed(6, 70)
    following = Following(
        [target, other],
        tracker=Recorded(),
        puller=FocusPuller(4, 0, smoothing_frames=0),
        scale_from_source=0.5,
        seen={target: {index: Sight((30 + index, 10.0, 39 + index, 29.0)) for index in (1, 2, 3)}},
    )
    for index in range(8):
        image = IMAGE.copy()
        image[0, 1, 0] = index
        following.push(image, plane(), False)
    following.finish()
    # In pixels of the frame, with right and bottom outside; once for each gap.
    assert Recorded.started == [(3, (16.5, 5.0, 21.5, 15.0)), (6, (33.0, 13.0, 37.5, 17.5))]


def test_a_tracker_starts_anew_where_the_subject_is_seen_if_it_is_beside_that_for_long():
    target = boxed(0, 20)

    def regions(*frames):
        return {target: {at: Sight((60.0, 20.0, 79.0, 39.0), (66.0, 32.0)) for at in frames}}

    until = 3 + PATIENCE_FRAMES
    # Every frame from 3 on; it drifts by a pixel a frame.
    track = followed([target], until + 3, seen=regions(*range(3, until + 3)))
    # Since then it was elsewhere, which is known now.
    expected = [20, 21, 22, *[66] * (until - 3), 66, 67, 68]
    np.testing.assert_allclose(track.points[:, 0], expected)
    np.testing.assert_allclose(track.points[3:, 1], 32)
    np.testing.assert_allclose(track.confidence, [1, 0.8, 0.8, *[0] * (until - 3), 1, 0.8, 0.8])
    # Where it is not seen says nothing, and a lost tracker is beside it, too.
    fewer = followed([target], until + 3, seen=regions(*range(3, until)))
    np.testing.assert_allclose(fewer.points[:, 0], np.arange(20, 20 + until + 3))
    lost = followed([target], until + 2, seen=regions(*range(3, until + 1)), lost=range(3, until + 1))
    np.testing.assert_allclose(lost.points[-2:, 0], [66, 67])


def test_a_subject_that_the_tracker_lost_went_straight_from_where_it_was_seen_to_where_it_was_next():
    target = boxed(0, 20)
    places = {3: 60, 7: 72, **dict.fromkeys(range(8, 7 + PATIENCE_FRAMES), 72)}
    seen = {at: Sight((x - 6.0, 20.0, x + 13.0, 39.0), (float(x), 32.0)) for at, x in places.items()}
    track = followed([target], 8 + PATIENCE_FRAMES, seen={target: seen})
    np.testing.assert_allclose(track.points[:9, 0], [20, 21, 22, 60, 63, 66, 69, 72, 72])
    # Its disparity was not read there: focus waits, then moves to what was read when it was found.
    np.testing.assert_allclose(track.focal_disparity[3:5], track.focal_disparity[2])
    assert track.focal_disparity[6 + PATIENCE_FRAMES] > 60
    # One that was not in force meanwhile is where the one in force was.
    weak, user = boxed(0, 20, source="action"), boxed(2, 40, source="user", until=4)
    ranked = followed([weak, user], 8 + PATIENCE_FRAMES, seen={weak: seen})
    np.testing.assert_allclose(ranked.points[2:5, 0], [40, 41, 63])


def test_a_tracker_within_the_region_of_its_subject_is_left_alone():
    target = boxed(0, 20)
    wide = {target: {at: Sight((0.0, 0.0, 99.0, 59.0), (5.0, 5.0)) for at in range(12)}}
    track = followed([target], 12, seen=wide)
    np.testing.assert_allclose(track.points, [(20 + index, 30) for index in range(12)])


def test_coarse_disparity_and_enlarged_frames_are_the_same():
    fine = followed([boxed(0, 20)], 6)
    np.testing.assert_allclose(
        followed([boxed(0, 20)], 6, disparity=plane(50)).focal_disparity, fine.focal_disparity, atol=1.1
    )
    # Frames of half the size: a pixel of theirs is two of the source's.
    half = followed([FocusTarget(0, 40.5, 60.5, (32.0, 52.0, 49.0, 69.0))], 6, scale_from_source=0.5)
    np.testing.assert_allclose(half.points, [(40.5 + 2 * index, 60.5) for index in range(6)])


def test_focus_is_pulled_to_the_next_target():
    track = followed([boxed(0, 20), boxed(12, 70)], 16)
    np.testing.assert_allclose(track.points[12], (70, 30))
    focus = track.focal_disparity
    np.testing.assert_allclose(np.diff(focus[8:13]), (focus[12] - focus[8]) / 4)
    assert focus[12] == pytest.approx(70.5, abs=1.1)


def test_before_the_first_target_its_point_counts():
    track = followed([boxed(5, 20)], 9)
    np.testing.assert_allclose(track.points[:6], 6 * [(20, 30)])
    np.testing.assert_allclose(track.focal_disparity[:6], 6 * [track.focal_disparity[0]])
    np.testing.assert_allclose(track.confidence[:6], [0, 0, 0, 0, 0, 1])
    assert track.warnings == ()


def test_a_target_that_is_outranked_is_followed_all_the_same():
    weak, strong = boxed(0, 20, source="action"), boxed(4, 70, until=10)
    track = followed([weak, strong], 14)
    np.testing.assert_allclose(track.points[[3, 4, 9, 10, 13], 0], [23, 70, 75, 30, 33])
    assert track.targets == (weak, strong)


def test_an_automatic_target_on_the_followed_subject_is_left_out():
    first, again, last = (boxed(t, x, source="action") for t, x in ((0, 20), (5, 28), (9, 70)))
    # In frame 5 the subject is at 25; two thirds of the boxes are common, and so they are one.
    track = followed([first, again, last], 12, seen={again: {7: Sight(boxed(0, 40).box)}})
    assert track.targets == (first, last)
    np.testing.assert_allclose(track.points[:, 0], [20, 21, 22, 23, 24, 25, 26, 40, 41, 70, 71, 72])
    assert len(track.pulls) == 1


@pytest.mark.parametrize(
    ("change", "more"),
    [
        ({"source": "user"}, {}),
        ({"box": None}, {}),
        ({"x": 60.0, "box": (56.0, 26.0, 64.0, 34.0)}, {}),
        ({}, {"cuts": [5]}),
        ({}, {"lost": [5]}),
    ],
)
def test_another_or_a_lost_subject_is_a_target(change, more):
    first, again = boxed(0, 20, source="action"), replace(boxed(5, 25, source="action"), **change)
    track = followed([first, again], 8, **more)
    assert track.targets == (first, again)
    assert track.points[5, 0] == again.x


def test_who_is_nearer_is_another_subject_at_the_same_place():
    first, again = boxed(0, 20, source="action"), boxed(5, 28, source="action")
    # Somebody steps before the subject, which is at 25 then.
    before = np.tile(np.where(np.arange(WIDTH) < 27, 40.0, 0.0), (HEIGHT, 1))
    assert followed([first, again], 8, disparity=before).targets == (first, again)
    unknown = np.full((HEIGHT, WIDTH), np.nan)
    assert followed([first, again], 8, disparity=unknown).targets == (first,)


@pytest.mark.parametrize(
    ("x", "moves", "is_left_out"), [(32, True, True), (32, False, False), (33, True, False)]
)
def test_what_moves_at_the_edge_of_the_subject_is_a_part_of_it(x, moves, is_left_out):
    first, again = boxed(0, 20, source="action"), boxed(5, x, source="action")
    sight = Sight(again.box, (float(x), 30.0), moves=moves)
    track = followed([first, again], 10, seen={again: {5: sight}})
    assert (track.targets == (first,)) == is_left_out


def test_a_target_as_near_as_the_subject_was_of_late_is_on_it():
    """Its estimated disparity varies by 8, and what is there is nearer by 6 than it is now."""
    first, again = boxed(0, 20, source="action"), boxed(5, 28, source="action")
    beside = np.where(np.arange(WIDTH) < 27, 16.0, 10.0)

    def targets(own):
        following = Following(
            [first, again],
            tracker=Moving(),
            puller=FocusPuller(4, 0, smoothing_frames=0),
            scale_from_source=1.0,
        )
        for value in (*own, 0.0, 0.0, 0.0):
            following.push(IMAGE, np.tile(beside + value, (HEIGHT, 1)))
        return following.finish().targets

    assert targets([0.0] * 5) == (first, again)
    assert targets([0.0, 8.0, 4.0, 0.0, 6.0]) == (first,)


def test_a_point_beside_the_subject_is_moved_towards_it():
    following = Following(
        [boxed(0, 20)], tracker=Moving(), puller=FocusPuller(4, 0, smoothing_frames=0), scale_from_source=1.0
    )
    for index in range(3):
        image = IMAGE.copy()
        # The subject fills the box at first, and then only its right part.
        image[26:35, 16 + index + (4 if index else 0) : 25 + index] = 255
        following.push(image, plane())
    points = following.finish().points
    np.testing.assert_allclose(points[0], (20, 30))
    assert 21.3 < points[1, 0] < 25
    np.testing.assert_allclose(points[2] - points[1], (1, 0), atol=1e-6)


def test_where_the_subject_is_lost_focus_stays_and_somebody_is_told():
    track = followed([boxed(0, 20)], 30, lost=range(8, 21))
    np.testing.assert_allclose(track.points[8:21], 13 * [(27, 30)])
    focus = track.focal_disparity
    np.testing.assert_allclose(focus[7:18], 11 * [focus[7]])
    assert focus[21] == pytest.approx(focus[7] + 1)
    (warning,) = track.warnings
    assert "focus target at frame 0 was lost in frames 8 to 20" in warning


def test_a_cut_is_told_to_the_tracker():
    track = followed([boxed(0, 20), boxed(6, 70)], 10, cuts=[6])
    assert track.confidence[6] == 1
    np.testing.assert_allclose(track.focal_disparity[5], 25.5, atol=1.1)
    np.testing.assert_allclose(track.focal_disparity[6], 70.5, atol=1.1)
    assert followed([boxed(0, 20)], 7, cuts=[6]).confidence[6] == 0


class Nearest:
    """Follows the nearer of two things within reach; a pixel has their columns. It finds the first again."""

    def start(self, image, box):  # noqa: ARG002
        self.seen = Tracked(box, 1.0)

    def follow(self, image, *, is_cut=False):  # noqa: ARG002
        subject, other = map(float, image[0, 0, :2])
        left, top, right, bottom = self.seen.box
        middle = (left + right) / 2
        things = [each for each in (subject, other) if each and abs(each - middle) <= 6]
        if not self.seen.confidence and subject:
            things = [subject]
        if things:
            nearest = min(things, key=lambda each: abs(each - middle))
            self.seen = Tracked((nearest - 4, top, nearest + 4, bottom), 0.9)
        else:
            self.seen = Tracked(self.seen.box, 0.0)
        return self.seen


def passed_by(subject, other, *targets, cuts=()):
    following = Following(
        targets or [boxed(0, 20)],
        tracker=Nearest(),
        puller=FocusPuller(4, 0, smoothing_frames=0),
        scale_from_source=1.0,
    )
    for index, columns in enumerate(zip(subject, other, strict=True)):
        image = IMAGE.copy()
        image[0, 0, :2] = columns
        following.push(image, plane(), index in cuts)
    return following.finish()


OTHER = [0, 0, 0, 20, 17, 14, 11, 0, 0, 0]
"""Whom the subject goes behind, and who goes away."""


def test_a_subject_that_is_found_again_is_followed_back_to_where_the_tracker_left_it():
    track = passed_by([20, 20, 20, 25, 26, 27, 28, 29, 30, 31], OTHER)
    np.testing.assert_allclose(track.points[:, 0] + 0.5, [20.5, 20, 20, 20, 26, 27, 28, 29, 30, 31])
    assert (track.confidence[1:] == 0.9).all()
    assert track.focal_disparity[5] == pytest.approx(27, abs=0.6)
    assert not track.warnings


def test_where_both_ways_are_known_and_do_not_meet_the_first_one_stays():
    track = passed_by([20, 20, 20, 0, 0, 0, 28, 29, 30, 31], OTHER)
    np.testing.assert_allclose(track.points[1:, 0] + 0.5, [20, 20, 20, 17, 14, 11, 29, 30, 31])


def test_a_subject_that_is_found_where_it_was_lost_is_not_followed_back():
    track = passed_by([20, 20, 20, 0, 0, 22, 23, 24], [0] * 8)
    assert (track.confidence == [1, 0.9, 0.9, 0, 0, 0.9, 0.9, 0.9]).all()
    np.testing.assert_allclose(track.points[2:6, 0] + 0.5, [20, 20, 20, 22])


def test_no_subject_is_followed_back_beyond_a_cut():
    track = passed_by([20, 20, 20, 25, 26, 27, 28, 29, 30, 31], OTHER, cuts=[6])
    np.testing.assert_allclose(track.points[3:7, 0] + 0.5, [20, 17, 14, 11])


def test_another_target_before_stays_as_it_is():
    user = FocusTarget(5, 80.0, 30.0, (76, 26.0, 84, 34.0), source="user")
    track = passed_by([20, 20, 20, 25, 26, 27, 28, 29, 30, 31], OTHER, boxed(0, 20), user)
    np.testing.assert_allclose(track.points[1:5, 0] + 0.5, [20, 20, 20, 17])


def test_no_target_is_the_middle_of_the_first_frame():
    track = followed([], 4)
    np.testing.assert_allclose(track.points, [(49.5 + index, 29.5) for index in range(4)])
    assert track.targets == ()
    assert "no focus target" in track.warnings[0]


def test_a_point_that_leaves_stays_at_the_border():
    track = followed([boxed(0, 95)], 12)
    assert track.points[:, 0].max() == WIDTH - 1
    assert np.isfinite(track.focal_disparity).all()


def test_what_is_missing_is_told():
    late = followed([boxed(0, 20), boxed(40, 30)], 5)
    assert "has 5 frames: focus targets at frame 40 come after its end" in late.warnings[0]
    blind = followed([boxed(0, 20)], 5, disparity=np.full((HEIGHT, WIDTH), np.nan))
    np.testing.assert_array_equal(blind.focal_disparity, np.zeros(5))
    assert "No disparity is known" in blind.warnings[0]
    none = followed([boxed(0, 20)], 0)
    assert none.points.shape == (0, 2)
    assert len(followed([], 1).focal_disparity) == 1


def test_an_all_black_video_with_a_real_tracker():
    track = followed(
        [boxed(0, 20), FocusTarget(4, 99.0, 0.0)], 20, tracker=RecoveringTracker(KCF()), cuts=[9]
    )
    assert len(track.points) == len(track.focal_disparity) == len(track.confidence) == 20
    assert np.isfinite(track.points).all()
    assert np.isfinite(track.focal_disparity).all()


def test_mistakes():
    with pytest.raises(InputError, match="scale_from_source must be a positive number"):
        followed([], 1, scale_from_source=0.0)
