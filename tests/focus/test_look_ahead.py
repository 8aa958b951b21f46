"""Focus that is decided while the video is taken: when a pull sets off, and that nothing later matters."""

import dataclasses

import numpy as np
import pytest

from rackfocus.focus.look_ahead import Known, LookAhead
from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.scene_specific import RegionCurve
from rackfocus.focus.trackers.tracker import Tracked
from rackfocus.types import FocusTarget

NEAR, FAR = (10.0, 20.0), (70.0, 20.0)
COUNT = 60


class Still:
    """A tracker whose subjects do not move."""

    def start(self, image, box):  # noqa: ARG002
        self.box = box

    def follow(self, image, *, is_cut=False):  # noqa: ARG002
        return Tracked(self.box, 1.0)


def target(t, point):
    x, y = point
    return FocusTarget(t, x, y, (x - 5, y - 5, x + 4, y + 4), "action")


def known(targets, cuts=()):
    points = np.array([NEAR if index < 30 else FAR for index in range(COUNT)])
    is_cut = np.zeros(COUNT, bool)
    is_cut[list(cuts)] = True
    disparity = np.where(np.arange(COUNT) < 30, -4.0, 6.0)
    boxes = np.concatenate([points - 5, points + 5], axis=1)
    return Known(
        0,
        RegionCurve(points, boxes, disparity, np.ones(COUNT), is_cut, points, (80, 40), 20.0),
        tuple(targets),
    )


def focused(knowing, *, cuts=(), buffer_frames=COUNT, **pulls):
    """The track where `knowing` tells at which frame a target was noticed."""
    focusing = LookAhead(
        tracker=Still(),
        puller=FocusPuller(**({"early_frames": 0} | pulls)),
        scale_from_source=1.0,
        stay_frames=5,
    )
    image, disparity = np.zeros((40, 80, 3), np.uint8), np.full((40, 80), -4.0)
    disparity[:, 40:] = 6.0
    for index in range(COUNT):
        focusing.show(
            image,
            disparity,
            is_cut=index in cuts,
            cuts_ahead=[cut for cut in cuts if index < cut <= index + buffer_frames],
            known=known([each for noticed, each in knowing if noticed <= index], cuts),
        )
    return focusing.finish()


START = (0, target(0, NEAR))


def test_what_is_known_in_time_is_in_focus_in_time():
    track = focused([START, (0, target(30, FAR))])
    expected = np.interp(np.arange(COUNT), [20, 30], [-4, 6])
    np.testing.assert_allclose(track.focal_disparity, expected)
    assert [each.t for each in track.targets] == [0, 30]
    assert track.pulls == ((20, 30),)
    np.testing.assert_allclose(track.points[[29, 30]], [NEAR, FAR])
    assert (track.confidence == 1).all()


def test_pulls_may_arrive_early():
    track = focused([START, (0, target(30, FAR))], early_frames=3)
    np.testing.assert_allclose(track.focal_disparity, np.interp(np.arange(COUNT), [17, 27], [-4, 6]))
    assert [each.t for each in track.targets] == [0, 30]


def test_what_is_noticed_late_is_in_focus_late():
    track = focused([START, (36, target(30, FAR))])
    np.testing.assert_allclose(
        track.focal_disparity, np.interp(np.arange(COUNT), [35, 45], [-4, 6]), atol=1.01
    )
    assert track.focal_disparity[35] == -4
    assert track.focal_disparity[46] == 6
    assert [each.t for each in track.targets] == [0, 46]


def test_what_is_noticed_just_before_is_pulled_to_faster():
    track = focused([START, (24, target(30, FAR))])
    np.testing.assert_allclose(track.focal_disparity, np.interp(np.arange(COUNT), [24, 30], [-4, 6]))


def test_with_a_cut_focus_jumps():
    track = focused([START, (0, target(30, FAR))], cuts=[30])
    np.testing.assert_allclose(track.focal_disparity, np.where(np.arange(COUNT) < 30, -4, 6))
    assert track.pulls == ()
    assert [each.t for each in track.targets] == [0, 30]


def test_a_correction_of_a_few_frames_is_no_other_target():
    track = focused([START, (0, target(30, FAR)), (33, target(33, FAR))])
    assert [each.t for each in track.targets] == [0, 30]


def test_with_nothing_to_focus_on_it_rests():
    track = focused([])
    assert track.targets == (dataclasses.replace(track.targets[0], t=0),)
    np.testing.assert_allclose(track.focal_disparity, -4)


@pytest.mark.parametrize("easing", ["linear", "eased"])
def test_no_step_is_larger_than_a_pull_makes_it(easing):
    track = focused([START, (0, target(30, FAR))], easing=easing)
    assert np.abs(np.diff(track.focal_disparity)).max() < 1.6
