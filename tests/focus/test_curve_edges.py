"""The filter against its definition, edges to the frame."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackfocus.focus.curve_edges import bilateral_filter, edges

SETTINGS = {"least_step": 2.0, "slope_frames": 3, "stay_frames": 6}


def brute_force(curve, sigma, spread):
    reach = min(int(np.ceil(3 * sigma)), len(curve) - 1)
    result = []
    for here, value in enumerate(curve):
        about = range(max(0, here - reach), min(len(curve), here + reach + 1))
        weights = [
            np.exp(-0.5 * ((there - here) / sigma) ** 2 - 0.5 * ((curve[there] - value) / spread) ** 2)
            for there in about
        ]
        result.append(np.average([curve[there] for there in about], weights=weights))
    return np.array(result)


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=30), st.floats(0.3, 6), st.floats(0.5, 10))
def test_the_filter_is_what_it_says(values, sigma, spread):
    curve = np.array(values)
    filtered = bilateral_filter(curve, sigma_frames=sigma, sigma_range=spread)
    np.testing.assert_allclose(filtered, brute_force(curve, sigma, spread), atol=1e-9)
    assert filtered.min() >= curve.min() - 1e-9
    assert filtered.max() <= curve.max() + 1e-9


def test_noise_goes_and_the_step_stays():
    rng = np.random.default_rng(1)
    curve = np.where(np.arange(80) < 40, 0.0, 10.0) + rng.normal(0, 0.3, 80)
    filtered = bilateral_filter(curve, sigma_frames=5, sigma_range=2)
    assert filtered[:40].std() < 0.15
    assert filtered[39] < 0.5
    assert filtered[40] > 9.5


@pytest.mark.parametrize("at", [3, 20, 37])
@pytest.mark.parametrize("height", [-8.0, 2.5])
def test_a_step_is_an_edge_at_its_first_frame(at, height):
    curve = np.where(np.arange(40) < at, 1.0, 1.0 + height)
    assert edges(curve, **SETTINGS) == [at]


def test_a_step_of_several_frames_begins_with_the_first_of_them():
    curve = np.concatenate([np.zeros(20), [2.0, 5.0, 8.0], np.full(20, 9.0)])
    assert edges(curve, **SETTINGS) == [20]


def test_what_does_not_stay_is_no_edge():
    curve = np.zeros(40)
    curve[20:22] = 9
    assert edges(curve, **SETTINGS) == []


def test_slow_change_is_no_edge():
    assert edges(np.linspace(0, 20, 60), **SETTINGS) == []


def test_two_edges_far_enough_apart():
    curve = np.concatenate([np.zeros(20), np.full(15, 5.0), np.full(20, -3.0)])
    assert edges(curve, **SETTINGS) == [20, 35]


@given(st.lists(st.floats(-50, 50), max_size=40))
def test_edges_rise_and_lie_inside(values):
    found = edges(np.array(values, float), **SETTINGS)
    assert found == sorted(set(found))
    assert all(0 < frame < len(values) for frame in found)
