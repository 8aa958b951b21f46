import math
from itertools import combinations, permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rackfocus.metrics.focus import (
    focal_error,
    level_px,
    likeliest_frame_error,
    match_targets,
    precision,
    recall,
    timing_error,
)
from rackfocus.types import FocusTarget


def at(*frames, x=0.0):
    return [FocusTarget(frame, x, 0.0) for frame in frames]


def test_equal_targets_match_exactly():
    matching = match_targets(at(0, 10, 50), at(0, 10, 50), tolerance_frames=15)
    assert matching.pairs == ((1, 1), (2, 2))
    assert timing_error(matching) == 0
    assert precision(matching) == recall(matching) == 1


def test_offsets_are_found_minus_true():
    matching = match_targets(at(7, 55), at(10, 50), tolerance_frames=15)
    assert matching.offsets == (-3, 5)
    assert timing_error(matching) == 4


def test_missed_and_spurious_are_counted():
    matching = match_targets(at(10, 30, 90), at(12, 60), tolerance_frames=15)
    assert matching.pairs == ((0, 0),)
    assert (matching.missed, matching.spurious) == ((1,), (1, 2))
    assert precision(matching) == pytest.approx(1 / 3)
    assert recall(matching) == 0.5


def test_more_pairs_win_over_nearer_ones():
    # 20 is nearest to 19, but then 34 would stay alone.
    matching = match_targets(at(20, 34), at(10, 19), tolerance_frames=15)
    assert matching.offsets == (10, 15)


def test_the_tolerance_is_the_largest_offset():
    assert match_targets(at(25), at(10), tolerance_frames=15).offsets == (15,)
    assert match_targets(at(26), at(10), tolerance_frames=15).offsets == ()


def test_the_start_of_focus_is_no_change():
    matching = match_targets(at(0), at(0, 10), tolerance_frames=30)
    assert (matching.pairs, matching.missed, matching.spurious) == ((), (1,), ())
    assert math.isnan(timing_error(matching))
    assert math.isnan(precision(matching))


def test_another_subject_is_both_missed_and_spurious():
    found, truth = at(10, x=5.0), at(10, x=90.0)
    matching = match_targets(
        found, truth, tolerance_frames=5, agree=lambda one, other: abs(one.x - other.x) < 10
    )
    assert (matching.missed, matching.spurious) == ((0,), (0,))


moments = st.lists(st.integers(1, 60), max_size=4, unique=True).map(sorted)


@settings(max_examples=60, deadline=None)
@given(moments, moments, st.integers(0, 30))
def test_all_matchings_by_brute_force(found, truth, tolerance):
    best = (0, 0)
    for count in range(min(len(found), len(truth)) + 1):
        for own in combinations(found, count):
            for other in permutations(truth, count):
                offsets = [abs(a - b) for a, b in zip(own, other, strict=True)]
                if all(offset <= tolerance for offset in offsets):
                    best = max(best, (count, -sum(offsets)))
    matching = match_targets(at(*found), at(*truth), tolerance_frames=tolerance)
    assert (len(matching.pairs), -sum(map(abs, matching.offsets))) == best


def test_focal_error_is_the_mean_over_frames_in_levels():
    truth = torch.tensor([0.0, 1.0, 2.0, 2.0])
    assert focal_error(truth + torch.tensor([0.0, 1, -3, 0]), truth).item() == 1
    assert focal_error(truth + 5, truth, level_px=level_px(1920)).item() == pytest.approx(1)


def test_the_likeliest_frame_is_compared_where_there_is_exactly_one_target():
    logits = torch.tensor([[0.0, 3, 1], [0, 0, 1], [9, 0, 0], [0, 9, 0]])
    new = torch.tensor([[0.0, 0, 1], [0, 1, 1], [0, 0, 0], [torch.nan] * 3])
    times = torch.tensor([[0.0, 0.5, 1.25]]).expand(4, 3)
    torch.testing.assert_close(likeliest_frame_error(logits, new, times), torch.tensor([0.75]))
    assert likeliest_frame_error(logits[1:], new[1:], times[1:]).shape == (0,)
