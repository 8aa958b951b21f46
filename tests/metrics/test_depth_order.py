import math

import pytest
import torch

from rackfocus.metrics.depth_order import LEAST_DIFFERENCE, whdr


@pytest.fixture
def truth():
    return torch.rand(1, 40, 50, generator=torch.Generator().manual_seed(1))


def test_order_does_not_change_with_scale_shift_or_bend(truth, generator):
    assert whdr(truth * 3 - 8, truth, generator=generator).item() == 0
    assert whdr(truth**3, truth, generator=generator).item() == 0
    assert whdr(-truth, truth, generator=generator).item() == 1


def test_a_plane_is_half_wrong(truth, generator):
    assert whdr(torch.ones_like(truth), truth, generator=generator).item() == 0.5


def test_all_pairs_by_brute_force(generator):
    truth = torch.tensor([0.0, 0.3, 0.32, 1.0, 0.6])
    prediction = torch.tensor([0.0, 0.5, 0.1, 0.4, 0.5])
    wrong, asked = 0.0, 0
    for i in range(5):
        for j in range(5):
            if abs(truth[i] - truth[j]) <= LEAST_DIFFERENCE:  # percentiles of five are the ends
                continue
            right = torch.sign(truth[i] - truth[j]) * torch.sign(prediction[i] - prediction[j])
            wrong, asked = wrong + (1 - float(right)) / 2, asked + 1
    assert whdr(prediction, truth, generator=generator).item() == pytest.approx(wrong / asked, abs=0.01)


def test_only_valid_pixels_are_asked_about(truth, generator):
    valid = torch.zeros_like(truth, dtype=torch.bool)
    valid[:, :10] = True
    prediction = torch.where(valid, truth, -truth)
    assert whdr(prediction, truth, generator=generator, valid=valid).item() == 0
    assert math.isnan(whdr(truth, truth, generator=generator, valid=torch.zeros_like(valid)).item())
    assert math.isnan(whdr(truth, torch.ones_like(truth), generator=generator).item())
