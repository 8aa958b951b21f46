"""One number for a subject, whatever lies behind it, beside it, or is not known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackfocus.focus.subjects.subject_disparity import (
    LARGEST_SIDE,
    SIDE,
    SMALLEST_SIDE,
    subject_box,
    subject_disparity,
)


def test_the_subject_and_not_a_mean():
    disparity = np.full((60, 80), 6.0)
    disparity[15:45, 30:50] = -4
    assert subject_disparity(disparity, (28, 13, 52, 47)) == -4
    # A third of the box only, yet in front.
    assert subject_disparity(disparity, (20, 5, 60, 55)) == -4
    assert subject_disparity(disparity, (0, 0, 25, 60)) == 6


def test_few_pixels_in_front_are_not_the_subject():
    disparity = np.full((40, 40), 2.0)
    disparity[30:, :8] = -9
    assert subject_disparity(disparity, (0, 0, 40, 40)) == 2


def test_a_slope_is_read_in_its_middle():
    disparity = np.tile(np.linspace(0, 1, 41), (20, 1))
    assert subject_disparity(disparity, (0, 0, 41, 20)) == pytest.approx(0.5, abs=0.12)


def test_noise_and_gaps():
    random = np.random.default_rng(0)
    disparity = 3 + random.normal(0, 0.2, (50, 50))
    disparity[random.random((50, 50)) < 0.3] = np.nan
    disparity[10, 10] = 1e6
    assert subject_disparity(disparity, (5, 5, 45, 45)) == pytest.approx(3, abs=0.15)
    assert math.isnan(subject_disparity(np.full((9, 9), np.nan), (2, 2, 5, 5)))


@pytest.mark.parametrize("box", [(-5, -5, 0, 0), (10, 2, 20, 5), (3, 9, 5, 12)])
def test_outside_nothing_is_known(box):
    assert math.isnan(subject_disparity(np.zeros((9, 9)), box))


def test_tiny_regions():
    disparity = np.arange(12.0).reshape(3, 4)
    assert subject_disparity(disparity, (2.3, 1.2, 2.6, 1.3)) == 6
    assert subject_disparity(disparity.astype(np.float16), (1, 0, 2, 1)) == 1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 39), st.integers(0, 29), st.floats(-9, 9))
def test_a_value_of_the_region_whatever_it_is(x, y, level):
    disparity = np.where(np.arange(40) < 20, level, 5.0) * np.ones((30, 1))
    assert subject_disparity(disparity, (x - 6, y - 6, x + 6, y + 6)) in (level, 5.0)


def test_a_bare_point_takes_in_what_is_as_near():
    disparity = np.full((200, 300), 5.0)
    disparity[60:110, 140:165] = -3
    assert subject_box(disparity, (150.5, 80.5)) == (140, 60, 165, 110)
    side = SIDE * math.hypot(200, 300)
    assert subject_box(disparity, (250.0, 150.0)) == pytest.approx(
        (250 - side / 2, 150 - side / 2, 250 + side / 2, 150 + side / 2)
    )


def test_a_speck_gives_a_region_to_track():
    disparity = np.full((200, 300), 5.0)
    disparity[80, 150] = -3
    left, top, right, bottom = subject_box(disparity, (150.5, 80.5))
    assert right - left == pytest.approx(SMALLEST_SIDE * math.hypot(200, 300))
    assert (left + right) / 2 == pytest.approx(150.5)
    assert (top + bottom) / 2 == pytest.approx(80.5)


@settings(max_examples=40, deadline=None)
@given(st.floats(-9, 60), st.floats(-9, 50), st.booleans())
def test_a_region_lies_in_the_frame(x, y, known):
    disparity = np.random.default_rng(3).normal(size=(40, 50)) if known else np.full((40, 50), np.nan)
    left, top, right, bottom = subject_box(disparity, (x, y))
    assert 0 <= left < right <= 50
    assert 0 <= top < bottom <= 40
    assert max(right - left, bottom - top) <= max(LARGEST_SIDE * math.hypot(40, 50) + 2, 1)
