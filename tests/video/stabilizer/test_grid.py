"""The coarse grid: exact means and interpolation, the same on each device."""

import itertools

import numpy as np
import pytest
import torch

from rackfocus.video.stabilizer.grid import (
    cell_px,
    enlarged,
    enlarged_by_torch,
    means_by_torch,
    reduced,
    reduced_image,
)

SIZES = [((6, 9), 3), ((7, 11), 3), ((5, 4), 2), ((1, 5), 4)]


@pytest.mark.parametrize(
    ("height", "width", "size_px", "cell"),
    [
        (1080, 1920, 640, 3),
        (1920, 1080, 640, 3),
        (480, 640, 640, 1),
        (480, 641, 640, 2),
        (1080, 1920, None, 1),
        (3, 5, 1, 5),
    ],
)
def test_the_smallest_cell_within_the_limit(height, width, size_px, cell):
    assert cell_px(height, width, size_px) == cell


def means(values, cell):
    """The mean of each cell; pixels outside are those at the rim."""
    height, width = values.shape[-2:]
    rows, columns = -(-height // cell), -(-width // cell)
    out = np.empty((*values.shape[:-2], rows, columns))
    for row, column in itertools.product(range(rows), range(columns)):
        y = np.minimum(np.arange(row * cell, (row + 1) * cell), height - 1)
        x = np.minimum(np.arange(column * cell, (column + 1) * cell), width - 1)
        out[..., row, column] = values[..., y[:, None], x].mean(axis=(-2, -1))
    return out


@pytest.mark.parametrize("way", [reduced, means_by_torch])
@pytest.mark.parametrize(("size", "cell"), SIZES)
def test_a_cell_has_the_mean_of_its_pixels(way, size, cell):
    values = torch.randn(3, *size, generator=torch.Generator().manual_seed(0))
    np.testing.assert_allclose(way(values, cell), means(values.double().numpy(), cell), atol=1e-6)


@pytest.mark.parametrize(("size", "cell"), SIZES)
def test_an_image_is_reduced_like_a_map(size, cell):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)
    expected = means(image.transpose(2, 0, 1).astype(np.float64), cell).transpose(1, 2, 0)
    assert np.abs(reduced_image(image, cell) - expected).max() <= 0.51


@pytest.mark.parametrize("way", [enlarged, enlarged_by_torch])
@pytest.mark.parametrize(("size", "cell"), SIZES)
def test_between_the_centres_of_cells_values_are_interpolated(way, size, cell):
    height, width = size
    rows, columns = -(-height // cell), -(-width // cell)
    values = torch.randn(2, rows, columns, generator=torch.Generator().manual_seed(1))
    at_y = ((np.arange(height) + 0.5) / cell - 0.5).clip(0, rows - 1)
    at_x = ((np.arange(width) + 0.5) / cell - 0.5).clip(0, columns - 1)
    hats = [
        np.maximum(0, 1 - np.abs(at[:, None] - np.arange(count)))
        for at, count in ((at_y, rows), (at_x, columns))
    ]
    expected = hats[0] @ values.double().numpy() @ hats[1].T
    np.testing.assert_allclose(way(values, cell, size), expected, atol=1e-6)


def test_without_a_reduction_nothing_is_copied():
    values, image = torch.rand(1, 4, 5), np.zeros((4, 5, 3), np.uint8)
    assert reduced(values, 1) is values
    assert reduced_image(image, 1) is image
