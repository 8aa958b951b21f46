import numpy as np
import pytest

from rackfocus.focus.detectors.speech.known_voices import KnownVoices, SeenFace


def seen(x, first_s, last_s, side=20.0):
    """A face at a place, ten times a second."""
    times = np.arange(round(first_s * 10), round(last_s * 10)) / 10
    box = np.float32([x - side / 2, 30, x + side / 2, 30 + side])
    return SeenFace(times, np.tile(box, (len(times), 1)))


def heard(voices, faces, first_s, last_s, shares, sounds=(1.0, 2.0)):
    """Remember a voice ten times a second, with the same sounds and shares in all moments."""
    times = np.arange(round(first_s * 10), round(last_s * 10)) / 10
    count = len(times)
    before = voices.before(first_s, faces)
    voices.remember(
        faces, before, times, np.tile(np.array(sounds), (count, 1)), np.tile(np.array(shares), (count, 1))
    )


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (seen(50, 4, 8), True),
        (seen(58, 4, 8), True),
        (seen(62, 4, 8), False),  # beside it
        (seen(50, 5, 8), False),  # later: nobody knows
        (SeenFace(np.zeros(0), np.zeros((0, 4), np.float32)), False),
    ],
)
def test_a_face_is_the_same_where_both_are_seen(other, same):
    assert seen(50, 0, 5).is_same(other) is same
    assert other.is_same(seen(50, 0, 5)) is same


def test_what_was_heard_before_the_window_counts_for_the_face_that_said_it():
    voices = KnownVoices()
    assert voices.before(0, [seen(50, 0, 5)]) is None
    heard(voices, [seen(50, 0, 5), seen(90, 0, 5)], 0, 5, (0.5, 0.25, 0.25))
    found = voices.before(4, [seen(90, 4, 9), seen(20, 4, 9), seen(51, 4, 9)])
    # The moments from 4 s on are heard again in the next window.
    np.testing.assert_allclose(found.moments, [10, 0, 20, 10])
    np.testing.assert_allclose(found.sums, np.outer([10, 0, 20, 10], [1, 2]))


def test_windows_add_up_and_each_moment_counts_once():
    voices = KnownVoices()
    for _ in range(2):  # a window may be judged again
        heard(voices, [seen(50, 0, 5)], 0, 5, (1, 0))
    for _ in range(2):
        heard(voices, [seen(50, 4, 9)], 4, 9, (0.5, 0.5), (3.0, 0.0))
    found = voices.before(8, [seen(50, 8, 12)])
    np.testing.assert_allclose(found.moments, [40 + 20, 20])
    np.testing.assert_allclose(found.sums, [[40 + 60, 80], [60, 0]])


def test_who_is_not_seen_where_windows_overlap_is_not_known_again():
    voices = KnownVoices()
    heard(voices, [seen(50, 0, 3), seen(90, 0, 5)], 0, 5, (0.5, 0.5, 0))
    heard(voices, [seen(90, 4, 9)], 4, 9, (1, 0))
    found = voices.before(8, [seen(50, 8, 12), seen(90, 8, 12)])
    np.testing.assert_allclose(found.moments, [0, 20 + 40, 0])
