"""How deep a subject is: the range of disparity between its nearest and its farthest parts."""

import math

import numpy as np
from jaxtyping import Float

from rackfocus.focus.trackers.tracker import Box

MOST_BINS = 32
"""Maximum number of bins of the histogram over the region's range; fewer for few cells, to avoid gaps."""

GAP_SHARE = 0.1
"""The subject ends, in depth, at a bin with less than this share of the bin at its own disparity."""

ENDS = 0.1
"""Share of the subject's cells that is left out at each end: single wrong cells, and its blurred edge."""

INNER = 0.7
"""Size of the ellipse in which cells are read, over that of the box: near its border is mostly ground."""


def subject_depth(
    disparity: Float[np.ndarray, "height width"], box: Box, level: float
) -> tuple[float, float]:
    """The least and the greatest disparity of the subject in a box, robustly.

    Of the cells in an ellipse in the middle of the box, the subject has those whose disparity is connected
    with its own: no sparsely populated disparity lies between. What is around it in the box stands apart.

    Args:
        disparity: in any unit; NaN where it is unknown.
        box: in pixels of this array; it may extend beyond it.
        level: the disparity of the subject (`subject_disparity`); NaN if it is lost.

    Returns:
        In the same unit, around `level`; NaN and NaN if it is lost.
    """
    if math.isnan(level):
        return math.nan, math.nan
    height, width = disparity.shape
    left, top, right, bottom = box
    rows = slice(max(0, math.floor(top)), min(height, math.ceil(bottom)))
    columns = slice(max(0, math.floor(left)), min(width, math.ceil(right)))
    across = _from_middle(np.arange(width)[columns] + 0.5, left, right)
    down = _from_middle(np.arange(height)[rows] + 0.5, top, bottom)
    region = disparity[rows, columns]
    inside = np.hypot(down[:, None], across) <= INNER
    values = region[inside & np.isfinite(region)].astype(np.float64)
    if values.size == 0:
        return level, level
    bins = min(max(math.isqrt(values.size), 4), MOST_BINS)
    counts, edges = np.histogram(values, bins)
    # Stored disparity has steps, which leave bins empty.
    counts = np.convolve(counts, (0.25, 0.5, 0.25), mode="same")
    own = min(int(np.searchsorted(edges[1:-1], level, side="right")), bins - 1)
    sparse = np.flatnonzero(counts < GAP_SHARE * counts[own])
    first = max(sparse[sparse < own], default=-1) + 1
    last = min(sparse[sparse > own], default=bins) - 1
    subject = values[(values >= edges[first]) & (values <= edges[last + 1])]
    if subject.size == 0:
        return level, level
    low, high = np.quantile(subject, (ENDS, 1 - ENDS))
    return min(float(low), level), max(float(high), level)


def _from_middle(at: Float[np.ndarray, " n"], low: float, high: float) -> Float[np.ndarray, " n"]:
    """The distance from the middle of a side: 1 at its ends."""
    return np.abs(at - (low + high) / 2) / max((high - low) / 2, 0.5)
