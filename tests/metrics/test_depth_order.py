import math

import pytest
import torch

from rackfocus.metrics.depth_order import LEAST_DIFFERENCE, MASK_STEP_PX, mask_order, pairs_across, whdr


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


def disc(radius=30, size=100):
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    return ((y - size / 2) ** 2 + (x - size / 2) ** 2).sqrt() <= radius


def test_pairs_across_a_straight_edge():
    mask = torch.zeros(40, 60, dtype=torch.bool)
    mask[:, :30] = True
    inner, outer = pairs_across(mask)
    assert inner.tolist() == [list(range(40)), [29 - MASK_STEP_PX] * 40]
    assert outer.tolist() == [list(range(40)), [29 + MASK_STEP_PX] * 40]


def test_pairs_across_a_disc_by_brute_force():
    """Of a disc the normals are known: every pixel of it with a neighbour outside, moved along its radius."""
    mask = disc()
    inner, outer = pairs_across(mask)
    wanted = []
    for y, x in mask.nonzero().tolist():
        if mask[y - 1, x] & mask[y + 1, x] & mask[y, x - 1] & mask[y, x + 1]:
            continue
        reach = math.hypot(y - 50, x - 50)
        wanted.append((y - 6 * (y - 50) / reach, x - 6 * (x - 50) / reach))
    assert len(wanted) == inner.shape[1] == outer.shape[1]
    off = (inner.T[:, None] - torch.tensor(wanted)[None]).norm(dim=-1).min(dim=0).values
    assert off.max() < 1.6  # rounding, and the steps of the mask
    assert ((outer - inner).double().norm(dim=0) - 2 * MASK_STEP_PX).abs().max() < 1.5


def test_order_across_a_mask():
    mask = disc()
    assert mask_order(mask.float(), mask) == 1
    assert mask_order(-3 * mask.float() + 2, mask) == 0
    assert mask_order(torch.ones(mask.shape), mask) == 0.5
    ramp = torch.arange(100.0)[:, None].expand(100, 100)
    assert mask_order(ramp, mask).item() == pytest.approx(0.5, abs=0.01)
    lower = torch.where(torch.arange(100)[:, None] > 50, mask.float(), 0.0)  # its lower half stands out
    assert mask_order(lower, mask).item() == pytest.approx(0.75, abs=0.03)


def test_what_is_thin_or_fills_the_picture_has_no_pairs():
    thin = torch.zeros(40, 60, dtype=torch.bool)
    thin[20:23] = True
    for mask in (thin, torch.zeros_like(thin), torch.ones_like(thin)):
        assert mask_order(torch.rand(40, 60), mask).isnan()
