"""The whole figure of a candidate, from the disparity around it."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float

SAME_DEPTH = 0.12
"""Cells have the same depth if they differ by less than this share of the spread of the frame's disparity."""
NEAREST_SHARE = 0.12
"""The depth of a region is this quantile, from the nearest: what acts is seen because nothing hides it."""
WIDE, TALL = 3.0, 8.0
"""A person is at most this many faces wide and tall."""

Box = Float[np.ndarray, "4"]


@dataclass(frozen=True, eq=False)
class Depths:
    """The disparities of a frame, coarsely.

    Attributes:
        values: in pixels of the video.
        spread: of them, without the extremes.
    """

    values: Float[np.ndarray, "rows columns"]
    spread: float

    @property
    def same(self) -> float:
        """Largest difference of two cells at the same depth."""
        return SAME_DEPTH * self.spread

    @property
    def nearness(self) -> Float[np.ndarray, "rows columns"]:
        """How near each cell is, from 0, the farthest of the frame, to 1."""
        near = -self.values
        return np.clip((near - near.min()) / max(float(np.ptp(near)), 1e-6), 0, 1)


def depths_of(disparity: Float[np.ndarray, "height width"], size: tuple[int, int]) -> Depths:
    """The disparities of a frame in so many rows and columns."""
    values = cv2.resize(disparity.astype(np.float32), size[::-1], interpolation=cv2.INTER_NEAREST)
    low, high = np.quantile(values[::2, ::2], (0.05, 0.95))
    return Depths(values, max(float(high - low), 1e-6))


def face_figure(face: Box, depths: Depths, size: tuple[int, int]) -> tuple[Box, float]:
    """The figure of the person with a face, and the disparity of the face.

    Args:
        face: left, top, right and bottom, in pixels of the frame.
        depths: of the frame.
        size: width and height of the frame, in pixels.

    Returns:
        The box of what is at the depth of the face and below it, in pixels of the frame; and the median
        disparity of the middle of the face.
    """
    disparity = depths.values
    rows, columns = disparity.shape
    cell = np.tile([size[0] / columns, size[1] / rows], 2)
    left, top, right, bottom = face / cell
    inner = _cells(
        (
            left + 0.25 * (right - left),
            top + 0.25 * (bottom - top),
            right - 0.25 * (right - left),
            bottom - 0.25 * (bottom - top),
        ),
        rows,
        columns,
    )
    value = float(np.median(disparity[inner]))
    middle, wide, tall = (left + right) / 2, right - left, bottom - top
    reach = _cells(
        (middle - WIDE / 2 * wide, top - 0.3 * tall, middle + WIDE / 2 * wide, top + TALL * tall),
        rows,
        columns,
    )
    near = np.abs(disparity[reach] - value) <= depths.same
    near[
        inner[0].start - reach[0].start : inner[0].stop - reach[0].start,
        inner[1].start - reach[1].start : inner[1].stop - reach[1].start,
    ] = True
    box = _part_box(near, inner[0].start - reach[0].start, inner[1].start - reach[1].start)
    box += np.tile([reach[1].start, reach[0].start], 2)
    whole = np.concatenate([np.minimum(box[:2], [left, top]), np.maximum(box[2:], [right, bottom])]) * cell
    limit = np.array([0, 0, *size], float)
    return np.concatenate([np.maximum(whole[:2], limit[:2]), np.minimum(whole[2:], limit[2:])]), value


def chest(face: Box, disparity: float, depths: Depths, size: tuple[int, int]) -> Float[np.ndarray, "2"]:
    """The chest below a face; the middle of the face where something else is there.

    Args:
        face: left, top, right and bottom, in pixels of the frame.
        disparity: of the face.
        depths: of the frame.
        size: width and height of the frame, in pixels.

    Returns:
        `(x, y)` in pixels of the frame.
    """
    left, top, right, bottom = face
    x, y = (left + right) / 2, (top + bottom) / 2
    below = y + CHEST_BELOW * (bottom - top)
    rows, columns = depths.values.shape
    row, column = int(below * rows / size[1]), int(x * columns / size[0])
    inside = row < rows and 0 <= column < columns
    as_near = inside and abs(depths.values[row, column] - disparity) <= depths.same
    return np.array([x, below if as_near else y])


CHEST_BELOW = 2.0
"""How far the chest is below the middle of the face, in heights of the face."""


@dataclass(frozen=True, eq=False)
class Region:
    """The part of a region at one depth, in cells.

    Attributes:
        point: `(x, y)` of the cell to focus on; the first cell has 0.
        near: the box of the part.
        figure: the box of all that is connected with it at its depth.
        disparity: the median of the part.
        inside: its cells.
        relief: how far it is before what is beside and above it, as a share of the spread of the frame.
    """

    point: Float[np.ndarray, "2"]
    near: Box
    figure: Box
    disparity: float
    inside: Bool[np.ndarray, "rows columns"]
    relief: float


def nearest_part(inside: Bool[np.ndarray, "rows columns"], depths: Depths) -> Region:
    """The nearest part of a region, with a point in its middle.

    Args:
        inside: the cells of the region, at least one.
        depths: of the frame, of the same size.
    """
    among = depths.values[inside]
    rank = int(NEAREST_SHARE * (len(among) - 1))
    near = np.abs(depths.values - np.partition(among, rank)[rank]) <= depths.same
    own = near & inside
    box = _corners(own)
    point = _point(own, box, 0.5)
    figure = _part_box(near, int(point[1]), int(point[0]))
    if figure[2] - figure[0] > WIDEST * inside.shape[1]:
        figure = box
    value = float(np.median(depths.values[own]))
    return Region(point, box, figure, value, own, _relief(own, box, value, depths))


def whole(inside: Bool[np.ndarray, "rows columns"], depths: Depths) -> Region:
    """All of a region, with a point in its middle, at the depth of its nearer cells.

    Args:
        inside: the cells of the region, at least one.
        depths: of the frame, of the same size.
    """
    box = _corners(inside)
    value = float(np.quantile(depths.values[inside], 0.25))
    return Region(_point(inside, box, 0.5), box, box, value, inside, _relief(inside, box, value, depths))


def upright(part: Region, inside: Bool[np.ndarray, "rows columns"], depths: Depths) -> Region:
    """The person of whom a part was found: all of the region above and below it, with a point in the chest.

    People side by side have parts at different depths; the legs of one, too, but they are below.

    Args:
        part: the nearest part of the region.
        inside: the cells of the region.
        depths: of the frame, of the same size.
    """
    left, top, right, _ = part.near.astype(int)
    rows, columns = np.ogrid[: inside.shape[0], : inside.shape[1]]
    # What is above and farther away is a picture on the wall behind, or somebody else.
    as_near = np.abs(depths.values - part.disparity) <= 2 * depths.same
    own = inside & (columns >= left) & (columns < right) & ((rows >= top) | as_near)
    box = _corners(own)
    trunk = own & (rows < box[1] + TRUNK * (box[3] - box[1]))
    value = float(np.median(depths.values[trunk]))
    return Region(_point(own, box, CHEST), box, box, value, own, _relief(own, box, value, depths))


CHEST = 0.3
"""Where focus is on a person whose face is not seen, as a share of the height from the top: below the head,
so that it is still on the person if a tracker is a little off."""
TRUNK = 0.6
"""Where the legs begin. What a person's disparity is, is that of head and trunk, not of the ground below."""


def _point(own: Bool[np.ndarray, "rows columns"], box: Box, height: float) -> Float[np.ndarray, "2"]:
    """A cell well within a region, at a share of its height from the top; the box encloses the region."""
    left, top, right, bottom = box.astype(int)
    part = own[top:bottom, left:right]
    core = cv2.erode(part.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0).astype(bool)
    cells = np.argwhere(core if core.any() else part)[:, ::-1] + box[:2]
    level = box[1] + height * (box[3] - box[1]) - 0.5
    about = np.abs(cells[:, 1] - level) <= max(1.0, 0.1 * (box[3] - box[1]))
    across = float(np.median(cells[about if about.any() else slice(None), 0]))
    return cells[np.square(cells - [across, level]).sum(axis=1).argmin()]


def _relief(own: Bool[np.ndarray, "rows columns"], box: Box, value: float, depths: Depths) -> float:
    left, top, right, bottom = box.astype(int)
    reach = max(2, round(0.25 * min(right - left, bottom - top)))
    about = slice(max(0, top - reach), bottom), slice(max(0, left - reach), right + reach)
    around = ~cv2.dilate(own[about].astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    return float(np.median(depths.values[about][around]) - value) / depths.spread if around.any() else 1.0


WIDEST = 0.6
"""What is connected over more than this share of the frame's width is ground or a wall."""


def _cells(box: tuple[float, float, float, float], rows: int, columns: int) -> tuple[slice, slice]:
    left, top, right, bottom = box
    first_row, first_column = (
        int(min(max(at, 0), count - 1)) for at, count in ((top, rows), (left, columns))
    )
    return (
        slice(first_row, max(first_row + 1, int(min(np.ceil(bottom), rows)))),
        slice(first_column, max(first_column + 1, int(min(np.ceil(right), columns)))),
    )


def _corners(cells: Bool[np.ndarray, "rows columns"]) -> Box:
    rows, columns = (np.flatnonzero(cells.any(axis=axis)) for axis in (1, 0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], float)


def _part_box(cells: Bool[np.ndarray, "rows columns"], row: int, column: int) -> Box:
    """The box of the connected component that contains a cell."""
    _, parts, stats, _ = cv2.connectedComponentsWithStats(cells.astype(np.uint8), connectivity=4)
    left, top, width, height = stats[parts[row, column], :4]
    return np.array([left, top, left + width, top + height], float)
