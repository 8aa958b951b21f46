"""The disparity of a subject, robustly: the main mode of the tracked region, not a pixel or a mean.

A box around a subject contains some background. The mean of both would be a depth between them.
"""

import math

import cv2
import numpy as np
from jaxtyping import Float

from rackfocus.focus.trackers.tracker import Box

MOST_BINS = 32
"""Maximum number of bins of the histogram over the region's range; fewer for few cells, to avoid gaps."""

FAIR_SHARE = 0.5
"""A nearer mode with at least this share of the strongest is the subject: it hides what is behind."""

SIDE = 0.1
SMALLEST_SIDE = 0.03
LARGEST_SIDE = 0.3
"""Side of the region around a point without a box: default, minimum and maximum, over the diagonal."""

SAME_DEPTH = 0.1
"""Cells have the same depth if they differ by less than this share of the spread of the frame's disparity."""


def subject_disparity(disparity: Float[np.ndarray, "height width"], box: Box) -> float:
    """The median around the mode of the disparity in a box; of two strong modes, the nearer one.

    Cells in the middle of the box have more weight, since trackers keep their subject there.

    Args:
        disparity: in any unit; NaN where it is unknown.
        box: in pixels of this array; it may extend beyond it.

    Returns:
        In the same unit; NaN if nothing in the box is known.
    """
    height, width = disparity.shape
    left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    right, bottom = min(width, math.ceil(box[2])), min(height, math.ceil(box[3]))
    if left >= right or top >= bottom:
        return math.nan
    region = disparity[top:bottom, left:right]
    across = _weights(np.arange(left, right) + 0.5, box[0], box[2])
    down = _weights(np.arange(top, bottom) + 0.5, box[1], box[3])
    known = np.isfinite(region)
    values, weights = region[known].astype(np.float64), np.outer(down, across)[known]
    if values.size == 0:
        return math.nan
    # Quantiles, so that a few outliers do not make the bins wide.
    low, high = np.quantile(values, (0.02, 0.98))
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-9):
        return float(np.median(values))
    bins = min(max(math.isqrt(values.size), 4), MOST_BINS)
    counts, edges = np.histogram(values, bins, range=(low, high), weights=weights)
    counts = np.convolve(counts, (0.25, 0.5, 0.25), mode="same")
    mode = _nearest_mode(counts)
    about = (values >= edges[max(mode - 1, 0)]) & (values <= edges[min(mode + 2, bins)])
    return float(np.median(values[about])) if about.any() else float(np.median(values))


def _nearest_mode(counts: Float[np.ndarray, " bin"]) -> int:
    """The first strong mode that is separated by a gap from the strongest one, else the strongest one."""
    strongest = int(counts.argmax())
    for at in range(strongest):
        between = counts[at : strongest + 1]
        if counts[at] >= FAIR_SHARE * counts[strongest] and between.min() <= counts[at] / 2:
            top = int(between.argmin())
            return at + int(between[:top].argmax())
    return strongest


def _weights(at: Float[np.ndarray, " n"], low: float, high: float) -> Float[np.ndarray, " n"]:
    """Weights: 1 in the middle, a quarter at the border."""
    middle, half = (low + high) / 2, max((high - low) / 2, 0.5)
    return np.clip(1 - 0.75 * ((at - middle) / half) ** 2, 0.25, 1)


def subject_box(disparity: Float[np.ndarray, "height width"], point: tuple[float, float]) -> Box:
    """The region around a point without a box: the extent of its disparity, within bounds.

    If that disparity extends to the bounds, as on a floor, a square with the side `SIDE` of the diagonal.

    Args:
        disparity: in any unit; NaN where it is unknown.
        point: `(x, y)` in this array, `x = 0` at the left border of its first column.

    Returns:
        In pixels of this array, within it.
    """
    height, width = disparity.shape
    diagonal = math.hypot(height, width)
    column, row = (min(max(int(at), 0), size - 1) for at, size in zip(point, (width, height), strict=True))
    square = _clipped(_square(point, SIDE * diagonal), width, height)
    known = np.isfinite(disparity)
    if not known[row, column]:
        return square
    low, high = np.quantile(disparity[known].astype(np.float64), (0.05, 0.95))
    left, top, right, bottom = (int(edge) for edge in _clipped(
        _square((column + 0.5, row + 0.5), LARGEST_SIDE * diagonal), width, height))  # fmt: skip
    near = np.abs(disparity[top:bottom, left:right] - disparity[row, column]) <= SAME_DEPTH * (high - low)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(near.astype(np.uint8), connectivity=4)
    x, y, across, down, _ = (int(value) for value in stats[labels[row - top, column - left]])
    if across >= 0.9 * (right - left) or down >= 0.9 * (bottom - top):
        return square
    smallest = _square((left + x + across / 2, top + y + down / 2), SMALLEST_SIDE * diagonal)
    low_x, low_y, high_x, high_y = smallest
    found = (
        min(left + x, low_x),
        min(top + y, low_y),
        max(left + x + across, high_x),
        max(top + y + down, high_y),
    )
    return _clipped(found, width, height)


def _square(middle: tuple[float, float], side: float) -> Box:
    x, y = middle
    return x - side / 2, y - side / 2, x + side / 2, y + side / 2


def _clipped(box: Box, width: int, height: int) -> Box:
    """The part of a box within the frame, at least one pixel."""
    left, top = min(max(box[0], 0), width - 1), min(max(box[1], 0), height - 1)
    return left, top, max(min(box[2], width), left + 1), max(min(box[3], height), top + 1)
