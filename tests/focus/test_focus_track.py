"""Where focus lies when no autofocus is needed, and when it has decided."""

import numpy as np
import pytest

from rackfocus.focus.focus_track import FixedFocus, KeyframedFocus, PointFocus, TrackedFocus
from rackfocus.types import FocusKeyframe, FocusKeyframes, FocusTrack, InputError


def track(*focal):
    focal = np.array(focal, np.float64)
    return FocusTrack((), np.zeros((len(focal), 2)), focal, np.ones(len(focal)))


def test_what_needs_no_reading():
    assert FixedFocus(-2.5).focal_disparity(3, 0.1, None) == -2.5
    keyframed = KeyframedFocus(FocusKeyframes((FocusKeyframe(0, -4), FocusKeyframe(10, 6))))
    assert [keyframed.focal_disparity(index, 0, None) for index in (0, 5, 99)] == [-4, 1, 6]
    tracked = TrackedFocus(track(1.0, 2.5))
    assert [tracked.focal_disparity(index, 0, None) for index in (0, 1, 2, 99)] == [1, 2.5, 2.5, 2.5]


def test_a_point_is_read_anew_in_every_frame():
    assert PointFocus((3.0, 4.0)).focal_disparity(7, 0.1, lambda point: 10 * point[0] + point[1]) == 34


def test_nothing_to_focus_on():
    with pytest.raises(InputError, match="no frame"):
        TrackedFocus(track())
    with pytest.raises(InputError, match="no disparity"):
        KeyframedFocus(FocusKeyframes((FocusKeyframe(0, f_number=2),)))
