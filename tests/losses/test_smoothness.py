import math

import pytest
import torch

from rackfocus.losses.smoothness import edge_aware_smoothness


def test_a_ramp_by_hand():
    """Slope 2 in x over a flat image, slope 1 in y under an edge of 0.6 in one channel of three."""
    x, y = torch.arange(4.0), torch.arange(2.0)
    disparity = (2 * x + y[:, None]).view(1, 1, 2, 4)
    image = torch.zeros(1, 3, 2, 4)
    image[0, 1, 1] = 0.6
    assert edge_aware_smoothness(disparity, image).item() == pytest.approx(2 + math.exp(-0.2))


def test_flat_disparity_costs_nothing_and_lines_have_no_derivative_across():
    image = torch.rand(1, 3, 5, 6)
    assert edge_aware_smoothness(torch.full((1, 1, 5, 6), 3.0), image).item() == 0
    row = torch.arange(6.0).view(1, 1, 1, 6)
    assert edge_aware_smoothness(row, torch.zeros(1, 3, 1, 6)).item() == 1


def test_gradcheck():
    generator = torch.Generator().manual_seed(1)
    disparity = torch.rand(1, 1, 4, 5, generator=generator, dtype=torch.float64, requires_grad=True)
    image = torch.rand(1, 3, 4, 5, generator=generator, dtype=torch.float64)
    torch.autograd.gradcheck(lambda d: edge_aware_smoothness(d, image), disparity)
