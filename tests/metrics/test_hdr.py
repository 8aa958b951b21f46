import math

import pytest
import torch

from rackfocus.metrics.hdr import EPSILON, log_mse


def test_a_factor_of_ten_in_the_highlights():
    truth = torch.full((1, 3, 4, 4), 1000.0)
    assert log_mse(truth / 10, truth).item() == pytest.approx(math.log(10) ** 2, rel=1e-3)


def test_black_counts_little():
    truth = torch.zeros(1, 3, 2, 2)
    assert log_mse(truth + EPSILON, truth).item() == pytest.approx(math.log(2) ** 2)
    assert log_mse(truth - 1, truth).item() == 0
