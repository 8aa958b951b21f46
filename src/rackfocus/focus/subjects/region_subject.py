"""Which part of a focus region is its subject: disparity tells.

Detectors see a subject with some of what surrounds it: a waving hand with the sky about it, a face with the
corners of its box. What moves or speaks is seen because nothing hides it, so that of the depths in its region
the nearest is its own.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float

NEAREST_SHARE = 0.12
"""Of the region's weight; its far end is the subject's depth. A smaller subject is not told from noise."""

MARGIN_CELLS = 2
"""About a region, what is as near counts too: a limb is often at the border of where it was seen to move."""

SAME_DEPTH = 0.1
"""Cells whose disparity differs by less, over the spread of the frame's disparity, are one depth."""

WIDEST = 0.5
"""Of the frame: what hangs together at one depth and is as wide is ground or a wall, and not somebody."""

FAIR_SHARE = 0.4
"""Of the fullest column of a region on such ground: one with less is the ground about somebody's feet."""


@dataclass(frozen=True, eq=False)
class RegionSubject:
    """The subject of a region, in cells of its map; NaN where there is no region.

    Attributes:
        point: `(x, y)`, the centre of a cell of it near the region's; the first cell's is 0.
        box: left, top, right and bottom; the latter two are outside. Of all that hangs together with it
            at its depth, as a man with his waving hand; or where that is ground, of what stands on it in the
            region.
        disparity: the median of what of it is in the region, in the unit of what it was read from.
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
    box = _corners(_part(near, point))
    if box[2] - box[0] >= WIDEST * columns:
        box = _corners(_standing(_part(own, point)))
    return RegionSubject(point, box, float(np.median(values[own])))


def _corners(cells: Bool[np.ndarray, "rows columns"]) -> Float[np.ndarray, "4"]:
    at = np.argwhere(cells)[:, ::-1]
    return np.concatenate([at.min(axis=0), at.max(axis=0) + 1]).astype(float)


def _standing(cells: Bool[np.ndarray, "rows columns"]) -> Bool[np.ndarray, "rows columns"]:
    """Without the columns that hold little: a tracker would learn the ground in them, and stay there."""
    held = cells.sum(axis=0)
    return cells & (held >= FAIR_SHARE * held.max())


def _part(
    cells: Bool[np.ndarray, "rows columns"], point: Float[np.ndarray, "2"]
) -> Bool[np.ndarray, "rows columns"]:
    """What hangs together with the cell at a point."""
    _, parts = cv2.connectedComponents(cells.astype(np.uint8), connectivity=4)
    return parts == parts[int(point[1]), int(point[0])]
