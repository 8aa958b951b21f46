"""What the backends of the renderer share: shares of levels, and how wide the fill is."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rackfocus.optics.levels import FILL_STEP, FILL_STEP_PX, FORMULATIONS, area_shares, fill_radius, matte


@pytest.mark.parametrize("formulation", FORMULATIONS)
@given(value=st.floats(-50, 50))
def test_a_pixel_is_shared_out_whole(formulation, value):
    disparity = torch.full((1, 1, 1, 1), value, dtype=torch.float64)
    share = FORMULATIONS[formulation].shares(disparity)
    shares = [share(level).item() for level in range(-54, 55)]
    assert math.fsum(shares) == pytest.approx(1, abs=1e-12)
    assert min(shares) >= 0


@given(value=st.floats(-50, 50))
def test_levels_by_area_blur_as_much_as_a_disk_of_that_radius(value):
    share = area_shares(torch.full((1, 1, 1, 1), value, dtype=torch.float64))
    second_moment = sum(share(level).item() * level**2 for level in range(-52, 53))
    assert second_moment == pytest.approx(value**2, rel=1e-12, abs=1e-12)


def test_the_matte_is_eq_2():
    disparity = torch.tensor([-2.1, -2.0, -0.5, 0.0, 1.0, 2.0, 2.1]).view(1, 1, 1, 7)
    expected = [0, math.exp(-11.2), math.exp(-0.7), 1, math.exp(-2.8), math.exp(-11.2), 0]
    torch.testing.assert_close(matte(disparity, 0).flatten(), torch.tensor(expected))


@settings(deadline=None, max_examples=40)
@given(
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    spread=st.floats(0, 12),
    seed=st.integers(0, 2**31),
)
def test_the_fill_is_as_wide_as_a_nearer_surface_beside_is_blurred(height, width, spread, seed):
    noise = torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(seed))
    disparity = (noise > 0.8) * -spread + noise
    plane, expected = disparity[0, 0], torch.zeros(height, width)
    for y in range(height):
        for x in range(width):
            for reach in (1, 3, 7, 15, 31):
                around = plane[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
                nearest = around.min()
                step = FILL_STEP_PX + FILL_STEP * nearest.abs()
                if nearest + step < plane[y, x] and 2 * nearest.abs() >= reach:
                    expected[y, x] = max(expected[y, x], nearest.abs())
    torch.testing.assert_close(fill_radius(disparity)[0, 0], expected, rtol=0, atol=0)


def test_a_gentle_slope_has_no_fill():
    slope = torch.linspace(-8, 8, 400).expand(1, 1, 20, 400)
    assert not fill_radius(slope * 0.1).any()
