import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rackfocus.focus.general.choice import steady_choice, stretches


def total(gains: np.ndarray, path: tuple[int, ...], change_cost: float) -> float:
    changes = sum(one != other for one, other in itertools.pairwise(path))
    return float(sum(gains[subject, frame] for frame, subject in enumerate(path))) - change_cost * changes


@given(arrays(float, (3, 5), elements=st.floats(-3, 3)), st.floats(0, 2))
def test_no_other_sequence_has_a_larger_sum(gains: np.ndarray, change_cost: float) -> None:
    path = tuple(steady_choice(gains, change_cost=change_cost, stay_frames=1))
    best = max(total(gains, other, change_cost) for other in itertools.product(range(3), repeat=5))
    assert total(gains, path, change_cost) == pytest.approx(best)


def test_a_change_happens_where_the_other_becomes_better() -> None:
    gains = np.zeros((2, 20))
    gains[1] = np.where(np.arange(20) < 8, -1.0, 1.0)
    assert list(steady_choice(gains, change_cost=1.5, stay_frames=1)) == [0] * 8 + [1] * 12


def test_nobody_is_in_focus_for_less_than_the_least_time() -> None:
    gains = np.zeros((2, 40))
    gains[1] = -1.0
    gains[1, 10:14] = 5.0
    assert not steady_choice(gains, change_cost=1.0, stay_frames=5).any()
    assert steady_choice(gains, change_cost=1.0, stay_frames=4)[10:14].all()


@given(arrays(float, (3, 24), elements=st.floats(-3, 3)), st.integers(1, 8))
def test_every_stretch_lasts_as_long_as_asked(gains: np.ndarray, stay_frames: int) -> None:
    path = steady_choice(gains, change_cost=0.1, stay_frames=stay_frames)
    assert all(each.stop - each.start >= stay_frames for each in stretches(path))


def test_who_cannot_be_in_focus_is_not() -> None:
    gains = np.zeros((2, 6))
    gains[0, :3] = -np.inf
    gains[1] = -2.0
    assert list(steady_choice(gains, change_cost=0.5, stay_frames=1)) == [1, 1, 1, 0, 0, 0]


def test_stretches_cover_all_frames() -> None:
    assert stretches(np.array([2, 2, 0, 1, 1])) == [slice(0, 2), slice(2, 3), slice(3, 5)]
