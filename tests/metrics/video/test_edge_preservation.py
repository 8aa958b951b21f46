import math

import cv2
import numpy as np
import pytest

from rackfocus.metrics.video.edge_preservation import edge_preservation, smoothness


@pytest.fixture
def frames():
    """A sharp frame, the same blurred, and a subject in its middle."""
    random = np.random.default_rng(3)
    sharp = cv2.GaussianBlur(random.integers(0, 256, (32, 40, 3)).astype(np.uint8), (0, 0), 0.8)
    subject = np.zeros((32, 40), bool)
    subject[10:20, 12:28] = True
    return sharp, cv2.GaussianBlur(sharp, (0, 0), 2.0), subject


def grey(frame):
    """BT.601 as OpenCV rounds it."""
    red, green, blue = (frame[..., channel].astype(int) for channel in range(3))
    return (red * 9798 + green * 19235 + blue * 3735 + 16384) >> 15


def by_hand(sharp, shallow, subject):
    """The definition, pixel by pixel."""
    height, width = subject.shape
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    pairs = []
    planes = [np.pad(grey(frame), 1, mode="reflect") for frame in (sharp, shallow)]
    for y in range(height):
        for x in range(width):
            if not subject[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3].any():
                continue
            windows = [plane[y : y + 3, x : x + 3] for plane in planes]
            pairs.append([math.hypot((w * kernel).sum(), (w * kernel.T).sum()) for w in windows])
    return np.corrcoef(np.array(pairs).T)[0, 1]


def test_the_definition_pixel_by_pixel(frames):
    sharp, blurred, subject = frames
    assert edge_preservation(sharp, blurred, subject) == pytest.approx(
        by_hand(sharp, blurred, subject), abs=1e-6
    )


def test_kept_edges_score_one_whatever_is_around(frames):
    sharp, blurred, subject = frames
    assert edge_preservation(sharp, sharp, subject) == pytest.approx(1)
    around = np.where(cv2.dilate(subject.astype(np.uint8), np.ones((9, 9)))[..., None] > 0, sharp, blurred)
    assert edge_preservation(sharp, around, subject) == pytest.approx(1)
    half = (sharp // 2).astype(np.uint8)  # contrast does not matter
    assert edge_preservation(sharp, half, subject) > 0.99
    assert edge_preservation(sharp, blurred, subject) < 0.9


def test_nothing_to_compare_scores_zero(frames):
    sharp, blurred, subject = frames
    assert edge_preservation(sharp, blurred, np.zeros_like(subject)) == 0
    assert edge_preservation(sharp, np.full_like(sharp, 90), subject) == 0


def test_other_sizes_are_brought_to_that_of_the_refocused_frame(frames):
    sharp, blurred, subject = frames
    large = cv2.resize(sharp, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    mask = cv2.resize(subject.astype(np.uint8), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST) > 0
    expected = edge_preservation(sharp, blurred, subject)
    assert edge_preservation(large, blurred, mask) == pytest.approx(expected, abs=1e-9)


def test_smoothness_of_known_sequences():
    assert smoothness([0.2, 0.3, 0.4, 0.5]) == pytest.approx(1)
    assert smoothness([0.9, 0.9]) == 1
    # Differences .1, -.1, .1: mean .1 / 3, standard deviation sqrt(.01 - .01 / 9).
    assert smoothness([0.5, 0.6, 0.5, 0.6]) == pytest.approx(1 - math.sqrt(0.01 * 8 / 9))
    assert smoothness([-1, 1, -1, 1]) == 0
    assert smoothness([0.7]) == 0
