import math

import numpy as np
import pytest

from rackfocus.focus.subjects.subject_depth import subject_depth

BOX = (10.0, 10.0, 50.0, 50.0)


def test_what_is_around_the_subject_stands_apart():
    disparity = np.full((60, 60), 9.0)
    disparity[:, 20:40] = -2.0
    assert subject_depth(disparity, BOX, -2.0) == (-2.0, -2.0)
    assert subject_depth(disparity, BOX, 9.0) == (9.0, 9.0)


def test_a_slope_is_as_deep_as_the_box():
    slope = np.tile(np.arange(60) + 0.5, (60, 1))
    low, high = subject_depth(slope, BOX, 30.0)
    # A disk of radius 14 about 30; a tenth at each end of it lies beyond .687 of the radius.
    assert (low, high) == pytest.approx((30 - 0.687 * 14, 30 + 0.687 * 14), abs=1.0)
    low, high = subject_depth(np.repeat(np.repeat(slope[::2, ::2], 2, 0), 2, 1), BOX, 30.0)
    assert high - low == pytest.approx(2 * 0.687 * 14, abs=2.0)


def test_single_wrong_cells_and_unknown_ones_do_not_count():
    disparity = np.full((60, 60), 1.0)
    disparity[30, 20:24] = 1.4
    disparity[31, 20:40] = np.nan
    assert subject_depth(disparity, BOX, 1.0) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("box", "level", "expected"),
    [
        (BOX, math.nan, (math.nan, math.nan)),
        ((70.0, 70.0, 80.0, 80.0), 3.0, (3.0, 3.0)),
        ((-10.0, -10.0, 10.0, 10.0), 2.0, (2.0, 2.0)),
        ((30.0, 30.0, 30.2, 30.2), 2.0, (2.0, 2.0)),
    ],
)
def test_lost_outside_and_tiny(box, level, expected):
    assert subject_depth(np.full((60, 60), 2.0), box, level) == pytest.approx(expected, nan_ok=True)
