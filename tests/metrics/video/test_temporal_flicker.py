import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rackfocus.metrics.video.temporal_flicker import flicker_curve, high_frequency_energy, near_saturated


def test_the_neighbourhood_of_what_is_saturated_in_any_channel():
    frame = torch.zeros(3, 7, 9)
    frame[1, 3, 4] = 1.0
    near = near_saturated(frame, reach_px=2)
    expected = torch.zeros(7, 9, dtype=torch.bool)
    expected[1:6, 2:7] = True
    assert torch.equal(near, expected)


def test_the_curve_is_the_mean_there():
    frames = [torch.full((3, 4, 4), float(level)) for level in (0.2, 0.5, 0.4)]
    frames[1][:, :, 2:] = 9
    near = torch.zeros(4, 4, dtype=torch.bool)
    near[:, :2] = True
    nowhere = torch.zeros_like(near)
    torch.testing.assert_close(flicker_curve(frames, [near] * 3), torch.tensor([0.2, 0.5, 0.4]))
    torch.testing.assert_close(flicker_curve(frames, [nowhere, near, nowhere]), torch.tensor([0.5] * 3))
    with pytest.raises(ValueError, match="saturated"):
        flicker_curve(frames, [nowhere] * 3)


@given(st.floats(-1, 1), st.floats(0.01, 1), st.integers(4, 40))
def test_trembling_counts_in_full_and_a_level_not_at_all(level, size, half):
    """Alternating frames are the highest frequency; the mirror repeats one frame of each end."""
    signs = torch.tensor([1.0, -1.0]).repeat(half)
    energy = high_frequency_energy(level + size * signs)
    assert energy == pytest.approx(size**2, rel=2 / half)
    assert high_frequency_energy(torch.full((2 * half,), level)) == pytest.approx(0, abs=1e-10)


def test_a_drift_hardly_counts():
    drift = torch.linspace(0, 1, 60)
    swing = torch.sin(2 * math.pi * torch.arange(60) / 30)
    assert high_frequency_energy(drift) < 1e-5
    assert high_frequency_energy(swing) < 1e-4
