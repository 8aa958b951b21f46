"""Pulls that arrive before their target, to the number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackfocus.focus.focus_track import FixedFocus, KeyframedFocus, TargetFocus
from rackfocus.types import FocusKeyframe, FocusKeyframes, FocusPulls, FocusTarget, InputError


def target(t, x):
    return FocusTarget(t, x, 0)


def read(index, point):
    """A point's disparity is its x, and grows by a thousandth a frame."""
    return point[0] + index / 1000


def track(focusing, frames):
    return [focusing.focal_disparity(index, index / 24, read) for index in range(frames)]


def test_a_pull_is_linear_and_arrives_at_its_target():
    focusing = TargetFocus((target(0, 10), target(20, 30)))
    seen = track(focusing, 25)
    assert seen[:11] == [10 + index / 1000 for index in range(11)]
    now = 10 + 15 / 1000
    assert seen[15] == pytest.approx(now + 0.5 * (30.02 - now))
    assert seen[20:] == [30 + index / 1000 for index in range(20, 25)]


def test_only_a_pull_looks_ahead():
    focusing = TargetFocus((target(0, 10), target(20, 30)))
    assert [focusing.needs(index) for index in (0, 10, 11, 19, 20, 40)] == [0, 10, 20, 20, 20, 40]


def test_before_the_first_target_its_own_point_counts():
    assert track(TargetFocus((target(5, 7), target(30, 8))), 5) == [7 + index / 1000 for index in range(5)]


def test_pulls_do_not_overlap():
    focusing = TargetFocus((target(0, 0), target(20, 100), target(24, 200)), FocusPulls(10))
    seen = track(focusing, 30)
    assert seen[20] == pytest.approx(100.02)
    assert seen[22] == pytest.approx((100.022 + 200.024) / 2)
    assert seen[24] == pytest.approx(200.024)


def test_no_pull_is_a_cut():
    seen = track(TargetFocus((target(0, 0), target(3, 9)), FocusPulls(0)), 5)
    assert seen == [0, 0.001, 0.002, 9.003, 9.004]


@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=6, unique=True),
    st.integers(0, 20),
    st.integers(0, 70),
)
def test_focus_stays_between_its_targets_and_needs_no_more_than_the_next(times, duration, index):
    targets = tuple(target(t, 10.0 * number) for number, t in enumerate(sorted(times)))
    focusing = TargetFocus(targets, FocusPulls(duration))
    needs = focusing.needs(index)
    assert index <= needs <= index + duration
    asked = []

    def watched(at, point):
        asked.append(at)
        return point[0]

    disparity = focusing.focal_disparity(index, 0.0, watched)
    assert 0 <= disparity <= 10 * (len(times) - 1)
    assert all(index <= at <= needs for at in asked)


def test_what_needs_no_reading():
    assert FixedFocus(-2.5).focal_disparity(3, 0.1, None) == -2.5
    keyframed = KeyframedFocus(FocusKeyframes((FocusKeyframe(0, -4), FocusKeyframe(10, 6))))
    assert [keyframed.focal_disparity(index, 0, None) for index in (0, 5, 99)] == [-4, 1, 6]
    assert keyframed.needs(7) == FixedFocus().needs(7) == 7


def test_nothing_to_focus_on():
    with pytest.raises(InputError, match="no focus target"):
        TargetFocus(())
    with pytest.raises(InputError, match="no disparity"):
        KeyframedFocus(FocusKeyframes((FocusKeyframe(0, f_number=2),)))
