import math

import numpy as np
import pytest
import torch

from rackfocus.evaluation.reproduction.items.artefacts import fluctuation, missed_and_false, splotches
from rackfocus.evaluation.stabilizer.clips import Clip, Motion


def lights(*places, value=20.0):
    radiance = torch.full((3, 12, 12), 0.5)
    for row, column in places:
        radiance[:, row : row + 2, column : column + 2] = value
    return radiance


def test_a_light_is_missed_where_less_than_half_of_it_is_found():
    truth = lights((1, 1), (8, 8))
    found = lights((1, 1))
    found[:, 8:10, 8:10] = 3.0
    assert missed_and_false(found, truth) == ([0.0, 1.0], [0.0])
    found[:, 8:10, 8:10] = 12.0
    assert missed_and_false(found, truth) == ([0.0, 0.0], [0.0, 0.0])


def test_a_found_light_that_touches_no_true_one_is_false():
    assert missed_and_false(lights((1, 1), (8, 1)), lights((1, 1))) == ([0.0], [0.0, 1.0])
    assert missed_and_false(lights(), lights()) == ([], [])


def test_a_level_is_no_splotch():
    where = torch.ones(1, 64, 64, dtype=torch.bool)
    assert splotches(torch.full((1, 64, 64), 3.0), where) == pytest.approx(0, abs=1e-4)


def test_splotches_are_what_differs_within_the_square():
    rows = torch.arange(64).view(1, 64, 1).expand(1, 64, 64)
    error = 1 - 2 * (rows % 2).float()
    where = torch.zeros(1, 64, 64, dtype=torch.bool)
    where[:, 20:44, 20:44] = True
    # The mean of 21 rows is 1/21 of the sign of the middle one.
    assert splotches(error, where) == pytest.approx(1, abs=0.1)


def test_fluctuation_is_told_apart_by_the_side_of_the_focal_plane():
    truth = torch.full((1, 8, 8), 4.0)
    truth[:, :, :4] = -4.0
    change = torch.zeros(1, 8, 8)
    change[:, :, 4:] = 0.5
    still = Motion(torch.zeros(2, 8, 8), torch.ones(8, 8, dtype=torch.bool))
    frames = [np.zeros((8, 8, 3), np.uint8)] * 2
    clip = Clip("c", frames, [still], disparity=[truth, truth])
    behind, before = fluctuation(clip, [truth, truth + change])
    assert (behind, before) == (pytest.approx(0.5), pytest.approx(0))
    assert not math.isnan(behind)
