import math

import pytest
import torch

from rackfocus.metrics.hdr import DISPLAY_WHITE, EPSILON, log_mse, pu21, pu21_psnr


def test_a_factor_of_ten_in_the_highlights():
    truth = torch.full((1, 3, 4, 4), 1000.0)
    assert log_mse(truth / 10, truth).item() == pytest.approx(math.log(10) ** 2, rel=1e-3)


def test_black_counts_little():
    truth = torch.zeros(1, 3, 2, 2)
    assert log_mse(truth + EPSILON, truth).item() == pytest.approx(math.log(2) ** 2)
    assert log_mse(truth - 1, truth).item() == 0


def test_pu21_by_its_anchors():
    """Its authors fitted it so: 0 where vision ends, about 256 at 100 cd/m^2, 595 at 10 000."""
    values = pu21(torch.tensor([0.005, 100.0, 10_000.0], dtype=torch.float64) / DISPLAY_WHITE)
    assert values[0].item() == pytest.approx(0, abs=1e-6)
    assert values[1].item() == pytest.approx(256, abs=0.5)
    assert values[2].item() == pytest.approx(595.394, abs=1e-3)
    steps = pu21(torch.logspace(-4, 3, 200, dtype=torch.float64)).diff()
    assert (steps >= 0).all()


def test_pu21_psnr_is_of_those_values():
    truth = torch.full((1, 3, 4, 4), 1.0)
    image = torch.full((1, 3, 4, 4), 8.0)
    error = (pu21(torch.tensor(8.0)) - pu21(torch.tensor(1.0))).item()
    assert pu21_psnr(image, truth).item() == pytest.approx(20 * math.log10(256 / error), abs=1e-3)
    assert math.isinf(pu21_psnr(truth, truth).item())
