import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rackfocus.optics.kernels import disk_kernel


def test_radius_zero_is_the_identity():
    assert disk_kernel(0).tolist() == [[1.0]]


def test_radius_one_by_hand():
    middle_row = math.asin(0.5) + 0.5 * math.sqrt(
        0.75
    )  # half the disk's area within half a pixel of the centre
    side = (math.pi / 2 - middle_row) / 2
    expected = (
        torch.tensor([[0, 2 * side, 0], [middle_row - 0.5, 1, middle_row - 0.5], [0, 2 * side, 0]]) / math.pi
    )
    torch.testing.assert_close(disk_kernel(1), expected.float(), atol=1e-6, rtol=0)


@given(st.integers(1, 80))
def test_unit_sum_and_mirror_symmetry(radius):
    kernel = disk_kernel(radius, dtype=torch.float64)
    assert kernel.shape == (2 * radius + 1, 2 * radius + 1)
    assert kernel.sum().item() == pytest.approx(1, abs=1e-12)
    assert kernel.min() >= 0
    torch.testing.assert_close(kernel, kernel.flip(0).flip(1))


@pytest.mark.parametrize("radius", [3, 10, 25])
def test_rows_hold_the_area_of_a_finely_sampled_disk(radius):
    fine = 50
    y = (
        torch.arange(-radius * fine - fine // 2, radius * fine + fine // 2, dtype=torch.float64) + 0.5
    ) / fine
    half_width = (radius**2 - y**2).clamp_min(0).sqrt()
    rows = (2 * half_width / fine).view(2 * radius + 1, fine).sum(1) / (math.pi * radius**2)
    torch.testing.assert_close(disk_kernel(radius, dtype=torch.float64).sum(1), rows, atol=1e-4, rtol=0)
