import math

import pytest
import torch

from rackfocus.metrics.boundary import REACH_PX, TOLERANCE_PX, boundary_f1, edge_mask


def square(left, *, size=64, side=20):
    image = torch.zeros(size, size)
    image[20 : 20 + side, left : left + side] = 1
    return image


def test_a_map_has_its_own_edges_in_any_unit():
    truth = square(20)
    assert boundary_f1(truth, truth).item() == 1
    assert boundary_f1(-5 * truth + 2, truth).item() == 1


def test_a_small_shift_is_tolerated_and_a_large_one_is_not():
    truth = square(20)
    assert boundary_f1(square(20 + int(TOLERANCE_PX)), truth).item() == 1
    far = boundary_f1(square(40), truth).item()
    assert far < 0.6
    assert boundary_f1(square(28), truth).item() < 1


def test_nothing_found_is_0_and_nothing_to_find_is_nan():
    truth = square(20)
    assert boundary_f1(torch.zeros(64, 64), truth).item() == 0
    assert math.isnan(boundary_f1(truth, torch.zeros(64, 64)).item())


def test_a_slope_is_no_edge():
    slope = torch.linspace(0, 1, 64).expand(64, 64)
    assert not edge_mask(slope, torch.ones(64, 64, dtype=torch.bool), 0.25).any()


def test_edges_by_brute_force(generator):
    values = torch.rand(9, 11, generator=generator)
    valid = torch.rand(9, 11, generator=generator) > 0.2
    expected = torch.zeros(9, 11, dtype=torch.bool)
    for y in range(9):
        for x in range(11):
            for dy, dx in ((0, REACH_PX), (REACH_PX, 0)):
                if y + dy < 9 and x + dx < 11 and valid[y, x] and valid[y + dy, x + dx]:
                    step = abs(values[y, x] - values[y + dy, x + dx]) > 0.5
                    expected[y + dy // 2, x + dx // 2] |= bool(step)
    assert torch.equal(edge_mask(values, valid, 0.5), expected)


def test_half_the_edges_found():
    """Precision 1 and recall 1/2 make 2/3: of two far squares, one is seen."""
    truth = square(5, side=12) + square(40, side=12)
    assert boundary_f1(square(5, side=12), truth).item() == pytest.approx(2 / 3, abs=0.01)
