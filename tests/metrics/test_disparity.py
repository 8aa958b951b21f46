import numpy as np
import pytest
import torch

from rackfocus.metrics.disparity import disparity_rms


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
    assert disparity_rms(torch.full((3,), 5.0), truth, align=True).item() == pytest.approx(
        truth.std(correction=0).item()
    )
