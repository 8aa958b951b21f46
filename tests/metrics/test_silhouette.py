import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rackfocus.metrics.image import displayed
from rackfocus.metrics.silhouette import silhouette_mask, silhouette_psnr


def brute_force(disparity):
    """Every pixel against both pixels of every edge."""
    height, width = disparity.shape
    d = disparity.tolist()
    mask = torch.zeros(height, width, dtype=torch.bool)
    for y in range(height):
        for x in range(width):
            for v, u in ((y + 1, x), (y, x + 1)):
                if v == height or u == width or abs(d[y][x] - d[v][u]) <= 1:
                    continue
                radius = math.ceil(max(abs(d[y][x]), abs(d[v][u]), 1))
                for row in range(height):
                    for column in range(width):
                        nearest = min(math.dist((row, column), (y, x)), math.dist((row, column), (v, u)))
                        mask[row, column] |= nearest <= radius
    return mask


def test_a_step():
    disparity = torch.zeros(1, 1, 9, 21)
    disparity[..., 10:] = 3
    mask = silhouette_mask(disparity)[0, 0]
    assert mask[4].tolist() == [6 <= x <= 13 for x in range(21)]


def test_a_small_step_reaches_one_pixel_and_a_slope_is_no_edge():
    disparity = torch.full((1, 1, 5, 20), -0.51)
    disparity[..., 10:] = 0.51
    assert silhouette_mask(disparity)[0, 0, 2].tolist() == [8 <= x <= 11 for x in range(20)]
    assert not silhouette_mask(torch.arange(20.0).expand(1, 1, 5, 20)).any()


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**31))
def test_against_brute_force(height, width, seed):
    generator = torch.Generator().manual_seed(seed)
    disparity = 3 * torch.randn(1, 1, height, width, generator=generator)
    disparity = disparity * (torch.rand(1, 1, height, width, generator=generator) < 0.2)
    assert torch.equal(silhouette_mask(disparity)[0, 0], brute_force(disparity[0, 0]))


def test_psnr_counts_the_mask_only(generator):
    disparity = torch.zeros(1, 1, 12, 30)
    disparity[..., 20:] = 2
    truth = torch.rand(1, 3, 12, 30, generator=generator)
    image = truth.clone()
    image[..., :10] = 0
    assert silhouette_psnr(image, truth, disparity).item() == float("inf")
    image[..., 19] = 0.5
    error = (displayed(image) - displayed(truth))[..., 17:23].square().mean().item()
    # the mask is columns 17 (two left of the edge's left pixel) to 22
    assert silhouette_psnr(image, truth, disparity).item() == pytest.approx(-10 * math.log10(error), abs=1e-4)
    assert silhouette_psnr(image, truth, torch.zeros_like(disparity)).isnan()
