"""Whose depth a region has, and where in it they are."""

import numpy as np
import pytest

from rackfocus.focus.subjects.region_subject import region_subject


def scene():
    """A man before hills: his body is columns 40 to 59, and an arm goes out of it to the right."""
    disparity = np.full((90, 160), 4.0)
    disparity[20:80, 40:60] = -3.0
    disparity[30:34, 60:80] = -3.0
    return disparity


def region(rows, columns):
    weights = np.zeros((90, 160))
    weights[slice(*rows), slice(*columns)] = 0.8
    return weights


def test_a_subject_that_fills_its_region():
    found = region_subject(region((30, 60), (38, 62)), np.array([49.0, 44.0]), scene())
    assert found.disparity == -3
    assert found.point.tolist() == [49, 44]
    assert found.box.tolist() == [40, 20, 80, 80]


def test_a_waving_arm_is_the_mans():
    found = region_subject(region((22, 42), (60, 80)), np.array([70.0, 26.0]), scene())
    assert found.disparity == -3
    assert found.point.tolist() == [70, 31]
    assert found.box.tolist() == [40, 20, 80, 80]


def test_a_sliver_is_noise():
    found = region_subject(region((22, 42), (79, 110)), np.array([94.0, 31.0]), scene())
    assert found.disparity == 4
    assert found.box.tolist() == [79, 22, 110, 42]  # the hills are everywhere: no more than the region


def test_the_ground_about_somebodys_feet_is_not_theirs():
    disparity = np.full((90, 160), 4.0)
    disparity[74:80] = -3.0  # at their depth, from side to side
    disparity[20:80, 40:60] = -3.0
    found = region_subject(region((18, 80), (20, 62)), np.array([49.0, 44.0]), disparity)
    assert found.disparity == -3
    assert found.box.tolist() == [40, 20, 60, 80]


def test_a_wall_beside_somebody_is_not_theirs():
    disparity = scene()
    disparity[30:60, 60:110] = -3.0  # as far away, and they touch
    found = region_subject(region((18, 82), (42, 60)), np.array([50.0, 44.0]), disparity)
    # The part in the region is 18 wide, so that the box ends 27 beside it, at 87. The man ends at 40.
    assert found.box.tolist() == [40, 20, 87, 80]


@pytest.mark.parametrize("size", [(45, 80), (180, 320), (1, 1)])
def test_disparity_may_be_of_any_size(size):
    weights = region((10, 20), (10, 20))
    found = region_subject(weights, np.array([14.0, 14.0]), np.full(size, 2.5))
    assert found.disparity == 2.5
    assert found.box.tolist() == [10, 10, 20, 20]


def test_no_region_is_nobody():
    found = region_subject(np.zeros((9, 16)), np.full(2, np.nan), scene())
    assert np.isnan([*found.point, *found.box, found.disparity]).all()
