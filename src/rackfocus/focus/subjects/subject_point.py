"""Keeps the focus point of a followed subject on the subject, by its colours."""

import math

import numpy as np
from jaxtyping import Float, Num, UInt8

from rackfocus.focus.boxes import inside
from rackfocus.focus.trackers.subject_colours import SubjectColours
from rackfocus.focus.trackers.tracker import Box

Point = tuple[float, float]

REACH = 0.12
"""Standard deviation of the Gaussian around the point, as a share of the box's width and height."""

LEAST = 0.01
"""Minimum mean probability of the subject around the point; less is noise."""

STEPS = 4
"""Number of steps: the first one goes about half of the way."""

MOST_SAMPLES = 64
"""Largest number of rows and of columns of a box that are read."""


def subject_point(
    point: Point, box: Box, image: UInt8[np.ndarray, "height width 3"], colours: SubjectColours
) -> Point:
    """Move a point that is beside a subject in its box towards the subject; amid the subject it stays.

    In each step of a mean shift (Comaniciu, Ramesh, Meer 2003, "Kernel-based object tracking"), the box's
    pixels are weighted by a Gaussian around the point, and by the probability that their colour is the
    subject's. The point moves as far as the latter moves their mean position.

    Args:
        point: `(x, y)` in pixels from the left and upper border of the frame.
        box: of the subject, in pixels of the frame; it may extend beyond it.
        image: the frame, encoded RGB in 0..255.
        colours: of the subject.

    Returns:
        The point moved; the same one where nothing around it in the box is like the subject, or it is not in
        the box, such as the chest below a face.
    """
    x, y = _samples(box[0], box[2], image.shape[1]), _samples(box[1], box[3], image.shape[0])
    own = colours.likely(image[np.ix_(y.astype(int), x.astype(int))])
    across, down = REACH * (box[2] - box[0]), REACH * (box[3] - box[1])
    for _ in range(STEPS):
        if not inside(np.array(point), np.array(box)):
            break
        around = np.outer(_gaussian(y - point[1], down), _gaussian(x - point[0], across))
        if not (around * own).sum() > LEAST * around.sum():
            break
        (x_own, y_own), (x_all, y_all) = _mean(around * own, x, y), _mean(around, x, y)
        point = point[0] + x_own - x_all, point[1] + y_own - y_all
    return point


def _samples(low: float, high: float, size: int) -> Float[np.ndarray, " n"]:
    """The centres of pixels from `low` to `high`, within the frame, evenly spaced."""
    first, end = max(math.floor(low), 0), min(math.ceil(high), size)
    return np.arange(first, end, max(1, math.ceil((end - first) / MOST_SAMPLES))) + 0.5


def _mean(
    weights: Float[np.ndarray, "rows columns"],
    x: Float[np.ndarray, " columns"],
    y: Float[np.ndarray, " rows"],
) -> Point:
    total = weights.sum()
    return float(weights.sum(axis=0) @ x / total), float(weights.sum(axis=1) @ y / total)


def _gaussian(off: Num[np.ndarray, " n"], deviation: float) -> Float[np.ndarray, " n"]:
    return np.exp(-0.5 * np.square(off / deviation))
