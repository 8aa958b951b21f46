import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rackfocus.models import compiled
from rackfocus.models.bilateral_grid import luma_vertices, slice_grid, splat


def brute_force(grid, guide, bandwidth):
    """Trilinear interpolation of one value at a time."""
    vertices, rows, columns = grid.shape
    result = torch.zeros_like(guide)

    def corners(position, count):
        position = min(max(position, 0.0), count - 1.0)
        low = min(int(position), max(count - 2, 0))
        return [(low, 1 - (position - low)), (min(low + 1, count - 1), position - low)]

    for y in range(guide.shape[0]):
        for x in range(guide.shape[1]):
            for z_at, z_weight in corners(float(guide[y, x]) * (vertices - 1), vertices):
                for y_at, y_weight in corners((y + 0.5) / bandwidth - 0.5, rows):
                    for x_at, x_weight in corners((x + 0.5) / bandwidth - 0.5, columns):
                        result[y, x] += z_weight * y_weight * x_weight * grid[z_at, y_at, x_at]
    return result


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 13), st.integers(1, 17), st.integers(1, 9), st.integers(2, 6), st.integers(0, 2**31))
def test_slicing_equals_brute_force(height, width, bandwidth, vertices, seed):
    generator = torch.Generator().manual_seed(seed)
    values = torch.rand(1, vertices, height, width, generator=generator, dtype=torch.float64)
    guide = torch.rand(1, 1, height, width, generator=generator, dtype=torch.float64)
    grid = splat(values, bandwidth)
    expected = brute_force(grid[0], guide[0, 0], bandwidth)
    torch.testing.assert_close(slice_grid(grid, guide, bandwidth)[0, 0], expected)


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 13), st.integers(1, 17), st.floats(0.7, 9), st.integers(2, 6), st.integers(0, 2**31))
def test_the_compiled_slice_equals_that_with_gradients(height, width, bandwidth, vertices, seed):
    generator = torch.Generator().manual_seed(seed)
    grid = torch.randn(2, vertices, 3, 4, generator=generator)
    guide = 1.4 * torch.rand(2, 1, height, width, generator=generator) - 0.2  # what lies outside is clamped
    differentiable = slice_grid(grid.clone().requires_grad_(), guide, bandwidth)
    torch.testing.assert_close(slice_grid(grid, guide, bandwidth), differentiable.detach())


def test_edges_of_luma_are_edges_of_the_result():
    """Two surfaces that differ in luma keep their own values, however coarse the grid."""
    guide = torch.zeros(1, 1, 16, 16)
    guide[..., 7:] = 1.0
    grid = torch.stack([torch.full((2, 2), -5.0), torch.full((2, 2), 9.0)])[None]
    sliced = slice_grid(grid, guide, 8)
    assert (sliced[..., :7] == -5).all()
    assert (sliced[..., 7:] == 9).all()


def test_a_grid_may_be_sliced_at_another_size():
    grid = torch.arange(4.0).view(1, 1, 1, 4).expand(1, 3, 4, 4)
    small = slice_grid(grid, torch.full((1, 1, 32, 32), 0.4), 8)
    large = slice_grid(grid, torch.full((1, 1, 96, 96), 0.4), 24)
    torch.testing.assert_close(large[..., 1::3, 1::3], small)


def test_gradcheck():
    generator = torch.Generator().manual_seed(0)
    grid = torch.rand(1, 3, 2, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    guide = torch.rand(1, 1, 5, 7, generator=generator, dtype=torch.float64)
    torch.autograd.gradcheck(lambda g: slice_grid(g, guide, 3), grid)


@pytest.mark.parametrize(("bandwidth", "vertices"), [(1.0, 2), (0.5, 3), (0.125, 9), (0.1, 11)])
def test_vertices_follow_from_the_bandwidth(bandwidth, vertices):
    assert luma_vertices(bandwidth) == vertices


@pytest.mark.parametrize("bandwidth", [0, -1, 1.5])
def test_impossible_bandwidths(bandwidth):
    with pytest.raises(ValueError, match="luma_bandwidth"):
        luma_vertices(bandwidth)


def test_a_compiled_network_does_without_the_kernels():
    values = torch.zeros(2)
    assert compiled.can_interpolate(values)
    as_compiled = torch.compile(lambda x: x + compiled.can_interpolate(x), backend="eager")
    assert not as_compiled(values).any()
