import math

import numpy as np
import pytest
import torch

from rackfocus.metrics.disparity import abs_rel, align_affine, disparity_rms, largest_quarter, spread


def test_rms_by_hand():
    assert disparity_rms(torch.tensor([1.0, 2.0]), torch.tensor([4.0, 6.0])).item() == pytest.approx(
        12.5**0.5
    )


def test_alignment_removes_scale_and_shift_and_nothing_else(generator):
    truth = torch.randn(400, generator=generator)
    assert disparity_rms(truth * -0.3 + 7, truth, align=True).item() == pytest.approx(0, abs=1e-5)
    noise = torch.randn(400, generator=generator)
    prediction = truth + noise
    slope, offset = np.polyfit(prediction.numpy(), truth.numpy(), 1)
    expected = (slope * prediction + offset - truth).square().mean().sqrt()
    torch.testing.assert_close(disparity_rms(prediction, truth, align=True).float(), expected.float())


def test_a_flat_map_aligns_to_the_mean():
    truth = torch.tensor([1.0, 3.0, 8.0])
    flat = torch.full((3,), 5.0)
    assert disparity_rms(flat, truth, align=True).item() == pytest.approx(truth.std(correction=0).item())
    assert spread(truth).item() == pytest.approx(truth.std(correction=0).item())
    torch.testing.assert_close(align_affine(flat, truth), torch.full((3,), 4.0))


def test_what_is_not_valid_neither_counts_nor_guides_the_alignment(generator):
    truth = torch.randn(1, 20, 30, generator=generator)
    prediction = truth * 2 - 1
    spoilt, valid = truth.clone(), torch.ones_like(truth, dtype=torch.bool)
    spoilt[:, 5:9], valid[:, 5:9] = 1000.0, False
    assert disparity_rms(prediction, spoilt, align=True, valid=valid).item() == pytest.approx(0, abs=1e-5)
    assert disparity_rms(truth + 3, spoilt, valid=valid).item() == pytest.approx(3, rel=1e-5)
    assert spread(spoilt, valid=valid).item() == pytest.approx(truth[valid].std(correction=0).item())


def test_the_largest_quarter_is_of_both_signs():
    disparity = torch.tensor([-9.0, 1.0, 0.5, 8.0, -2.0, 3.0, 0.0, 1.5])
    assert largest_quarter(disparity).tolist() == [True, False, False, True, False, False, False, False]


def test_relative_error_by_hand():
    # Aligned exactly but for one depth: 2 m taken for 4 m would be 1, and so on; the sky does not count.
    inverse_depth = torch.tensor([1.0, 0.5, 0.25, 0.0])
    assert abs_rel(inverse_depth * 7 - 3, inverse_depth).item() == pytest.approx(0, abs=1e-6)
    aligned = torch.tensor([1.0, 1.0, 0.25])  # its own least squares fit to what follows
    truth = torch.tensor([1.25, 0.75, 0.25])
    torch.testing.assert_close(align_affine(aligned, truth), aligned)
    expected = (abs(1.25 / 1 - 1) + abs(0.75 / 1 - 1) + 0) / 3
    assert abs_rel(aligned, truth).item() == pytest.approx(expected)


def test_nothing_is_farther_than_the_farthest():
    # The fit sends the last one behind infinity, to -0.2; it is held at the least true value.
    truth = torch.tensor([1.0, 1.0, 1.0, 0.2, 0.2])
    nearness = torch.tensor([1.0, 1.0, 1.0, 1.0, -9.0])
    aligned = align_affine(nearness, truth)
    assert aligned[-1] < 0.2 + 1e-6
    expected = (
        sum(abs(t / max(a, 0.2) - 1) for t, a in zip(truth.tolist(), aligned.tolist(), strict=True)) / 5
    )
    assert abs_rel(nearness, truth).item() == pytest.approx(expected, rel=1e-5)


def test_without_a_positive_truth_there_is_no_relative_error():
    assert math.isnan(abs_rel(torch.rand(5), torch.zeros(5)).item())
