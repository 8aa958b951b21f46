import numpy as np

from rackfocus.focus.trackers.still import Still
from rackfocus.focus.trackers.tracker import Tracked, Tracker


def test_it_stays_through_cuts():
    tracker, image = Still(), np.zeros((20, 30, 3), np.uint8)
    assert isinstance(tracker, Tracker)
    tracker.start(image, (1.0, 2.0, 5.0, 9.0))
    for is_cut in (False, True):
        assert tracker.follow(image + 9, is_cut=is_cut) == Tracked((1.0, 2.0, 5.0, 9.0), 1.0)
