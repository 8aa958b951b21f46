"""Who is who from frame to frame, and who takes over."""

import numpy as np

from rackfocus.focus.subjects.same_subject import drop_uncertain_subjects, link_subjects, subject_changes

SIZE = (200, 100)


def linked(boxes, disparity=None):
    rows = [(np.nan,) * 4 if box is None else box for box in boxes]
    return link_subjects(
        np.array(rows, float).reshape(-1, 4),
        np.zeros(len(rows)) if disparity is None else np.array(disparity, float),
        size=SIZE,
        reach_px=4,
        depth_px=1,
        absence_frames=3,
    ).tolist()


def taken_over(labels, strength=None):
    strength = np.ones(len(labels)) if strength is None else np.array(strength)
    return subject_changes(np.array(labels), strength, stay_frames=4, share=0.6, onset=0.5)


def at(x, y=40):
    return (x, y, x + 20, y + 20)


def test_one_who_moves_is_one():
    assert linked([at(40 + 15 * step) for step in range(6)]) == [0] * 6


def test_two_apart_are_two_and_are_known_again():
    assert linked([at(40), at(120), at(42), None, at(118)]) == [0, 1, 0, -1, 1]


def test_one_inside_the_frame_waits_for_ever():
    assert linked([at(60), *[None] * 9, at(64)])[-1] == 0


def test_one_who_left_comes_back_as_another():
    assert linked([at(0), *[None] * 9, at(1)])[-1] == 1
    assert linked([at(0), None, None, at(1)])[-1] == 0


def test_a_takeover_is_at_its_first_frame():
    assert taken_over([-1, -1, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, -1, 1, 1]) == [2, 6]


def test_a_takeover_begins_when_it_is_half_as_strong_as_it_gets():
    assert taken_over([0] * 8, [0.3, 0.3, 0.4, 0.4, 0.6, 0.9, 0.9, 0.9]) == [4]


def test_in_one_place_another_depth_is_another_one():
    assert linked([at(40)] * 5, [0, 0.8, 1.6, 4, 4.5]) == [0, 0, 0, 1, 1]


def test_beside_a_subject_a_small_difference_of_depth_is_another_one_already():
    # The boxes are 20 wide: they overlap, have 3 pixels between them, and overlap again.
    assert linked([at(40), at(55)], [0, 0.8]) == [0, 0]
    assert linked([at(40), at(63)], [0, 0.8]) == [0, 1]
    assert linked([at(40), at(63)], [0, 0.3]) == [0, 0]
    assert linked([at(40), at(63), at(42), at(64)], [0, 0.8, 0.1, 0.9]) == [0, 1, 0, 1]


def test_one_of_whom_only_a_foot_was_seen_for_a_frame_is_the_same():
    foot = (60, 80, 64, 84)
    assert linked([at(60), foot, at(62)]) == [0, 1, 0]
    assert linked([(60, 40, 80, 84), foot, at(62), foot]) == [0, 0, 0, 0]
    assert linked([(60, 40, 80, 84), foot, foot, at(62)]) == [0, 0, 0, 1]


def test_stretches_that_are_never_strong_are_left_out():
    labels = np.array([0, 0, -1, -1, -1, 0, 0, 1, 1])
    strength = np.array([0.4, 0.5, 0, 0, 0, 0.4, 0.9, 0.3, 0.3])
    kept = drop_uncertain_subjects(labels, strength, least=0.7, gap_frames=2)
    assert kept.tolist() == [-1, -1, -1, -1, -1, 0, 0, -1, -1]


def test_who_does_not_stay_takes_nothing_over():
    assert taken_over([0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1]) == [0]


def test_who_is_hidden_for_a_while_by_another_one_stays_in_focus():
    # Three of the next eight frames show the other one, and five the one before.
    assert taken_over([0] * 4 + [1] * 3 + [0] * 5) == [0]
    assert taken_over([0] * 4 + [1] * 4 + [0] * 4) == [0, 4, 8]


def test_nobody():
    assert taken_over([-1] * 9) == []
    assert linked([]) == []
