"""Finds the part of a focus region that is its subject, by disparity.

Detectors mark a subject with some background: a waving hand with the sky around it, a face with the corners
of its box. A moving or speaking subject is visible because nothing hides it, so the nearest depth in its
region is the subject's.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float

NEAREST_SHARE = 0.12
"""The subject's depth is this quantile of the region, from the nearest; smaller parts may be noise."""

MARGIN_CELLS = 2
"""Cells this close to a region and as near in depth belong to it: limbs are often at the border of motion."""

SAME_DEPTH = 0.1
"""Cells have the same depth if they differ by less than this share of the spread of the frame's disparity."""

WIDEST = 0.5
"""A connected component wider than this share of the frame is ground or a wall, not a subject."""

SIDEWAYS = 1.5
"""A box reaches beside the part in the region by at most this many widths of it: a wall or a tree as far away
as somebody often touches them in the picture."""

FAIR_SHARE = 0.4
"""On such ground, columns with less than this share of the fullest column are ground around the subject."""


@dataclass(frozen=True, eq=False)
class RegionSubject:
    """The subject of a region, in cells of its map; NaN if there is no region.

    Attributes:
        point: `(x, y)`, the centre of a cell of it near the region's centre; the first cell has 0.
        box: left, top, right and bottom; the latter two are outside. It encloses the connected component at
            the subject's depth, such as a man with his waving hand, but not far to the sides of the part in
            the region (`SIDEWAYS`); if that is ground, only what stands on it in the region.
        disparity: the median over its part in the region, in the unit of the map.
    """

    point: Float[np.ndarray, "2"]
    box: Float[np.ndarray, "4"]
    disparity: float


NOBODY = RegionSubject(np.full(2, np.nan), np.full(4, np.nan), float("nan"))


def region_subject(
    weights: Float[np.ndarray, "rows columns"],
    centre: Float[np.ndarray, "2"],
    disparity: Float[np.ndarray, "height width"],
) -> RegionSubject:
    """Find the subject of a region.

    Args:
        weights: of the region's cells; 0 outside it.
        centre: of the region, `(x, y)` in cells.
        disparity: of the same frame, in any unit and of any size.
    """
    if not (weights > 0).any():
        return NOBODY
    rows, columns = weights.shape
    values = cv2.resize(disparity.astype(np.float32), (columns, rows), interpolation=cv2.INTER_NEAREST)
    low, high = np.quantile(values, (0.05, 0.95))
    wide = cv2.dilate(weights, np.ones((2 * MARGIN_CELLS + 1,) * 2, np.uint8))
    inside = wide > 0
    order = np.argsort(values[inside])
    summed = np.cumsum(wide[inside][order])
    depth = values[inside][order][np.searchsorted(summed, NEAREST_SHARE * summed[-1])]
    near = np.abs(values - depth) <= SAME_DEPTH * (high - low)
    own = near & (weights > 0) if (near & (weights > 0)).any() else near & inside
    core = cv2.erode(own.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0).astype(bool)
    at = np.argwhere(core if core.any() else own)[:, ::-1]
    point = at[np.square(at - centre).sum(axis=1).argmin()].astype(float)
    box, part = _corners(_part(near, point)), _part(own, point)
    if box[2] - box[0] >= WIDEST * columns:
        box = _corners(_standing(part))
    left, _, right, _ = _corners(part)
    beside = np.floor(SIDEWAYS * (right - left))
    box[[0, 2]] = np.clip(box[[0, 2]], left - beside, right + beside)
    return RegionSubject(point, box, float(np.median(values[own])))


def _corners(cells: Bool[np.ndarray, "rows columns"]) -> Float[np.ndarray, "4"]:
    at = np.argwhere(cells)[:, ::-1]
    return np.concatenate([at.min(axis=0), at.max(axis=0) + 1]).astype(float)


def _standing(cells: Bool[np.ndarray, "rows columns"]) -> Bool[np.ndarray, "rows columns"]:
    """Remove columns with few cells: a tracker would learn the ground in them, and stay there."""
    held = cells.sum(axis=0)
    return cells & (held >= FAIR_SHARE * held.max())


def _part(
    cells: Bool[np.ndarray, "rows columns"], point: Float[np.ndarray, "2"]
) -> Bool[np.ndarray, "rows columns"]:
    """The connected component that contains a point."""
    _, parts = cv2.connectedComponents(cells.astype(np.uint8), connectivity=4)
    return parts == parts[int(point[1]), int(point[0])]
