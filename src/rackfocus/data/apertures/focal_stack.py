"""Focal stacks: an all-in-focus composite, and slices of one aperture with different focus. Two slices are a
focal triplet.

The files of a stack do not contain how far the focus moves from slice to slice, in pixels of disparity. It is
given (`disparity_step_px`), or estimated by `rackfocus prepare`; otherwise the slices give pairs only.
"""

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float

from rackfocus.data.apertures.manifest import Item, Photograph
from rackfocus.data.apertures.photographs import Photographs
from rackfocus.types import InputError
from rackfocus.video.stills import STILL_SUFFIXES

Grey = Float[np.ndarray, "height width"]

_TILE_PX = 64
_SHARP_PX = 0.75
_STEP_PX = 0.5
_FEWEST_TILES = 4


def stack_photographs(folder: str | Path, deep: str) -> tuple[Photograph, list[Photograph]]:
    """The composite (the file called `deep`), and the slices in the order of their names.

    Slices are the largest group of pictures whose names differ only in their last number; other files are
    ignored.

    Raises:
        InputError: the folder or the composite is missing, or there are fewer than two slices.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; name one that holds a focal stack.")
    composite = folder / deep
    if not composite.is_file():
        raise InputError(f"{composite} is missing; name the all-in-focus picture of the stack by deep=.")
    groups: dict[str, list[Path]] = {}
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() in STILL_SUFFIXES and file != composite and file.stem[-1].isdigit():
            groups.setdefault(file.stem.rstrip("0123456789"), []).append(file)
    slices = max(groups.values(), key=len, default=[])
    if len(slices) < 2:
        raise InputError(
            f"{folder} holds fewer than two numbered slices, such as slice_001.jpg; a stack has more."
        )
    slices.sort(key=lambda file: int(file.stem[len(file.stem.rstrip("0123456789")) :]))
    return Photograph(composite), [Photograph(file) for file in slices]


def focal_pairs(count: int) -> list[tuple[int, int]]:
    """The pairs of slices for triplets: a third of the stack apart, for a clear but moderate blur."""
    apart = max(1, count // 3)
    return [(first, first + apart) for first in range(count - apart)]


class FocalStack(Photographs):
    """The triplets of one stack, or its pairs if the movement of the focus is unknown.

    Args:
        root: the folder of the stack.
        deep: the file name of the all-in-focus picture.
        disparity_step_px: by how much the disparity in focus grows from slice to slice, in pixels; positive:
            the focus moves away. `None`: unknown, each slice is a pair.

    Raises:
        InputError: as from `stack_photographs`; on access, a picture is damaged or of another size.
    """

    def __init__(self, root: str | Path, deep: str, disparity_step_px: float | None = None) -> None:
        composite, slices = stack_photographs(root, deep)
        if disparity_step_px is None:
            items = [Item(slice_.file.stem, composite, (slice_,)) for slice_ in slices]
        else:
            items = [
                focal_triplet(composite, slices[i], slices[j], (j - i) * disparity_step_px)
                for i, j in focal_pairs(len(slices))
            ]
        super().__init__(items, str(root))


def focal_triplet(deep: Photograph, first: Photograph, second: Photograph, focal_disparity: float) -> Item:
    """The triplet of two slices; what has `focal_disparity` in the first is in focus in the second."""
    moved = Photograph(second.file, second.f_number, focal_disparity, second.gain, second.warp)
    return Item(f"{first.file.stem}-{second.file.stem}", deep, (first, moved))


def estimate_focal_disparity(
    deep: Grey, first: Grey, second: Grey, *, largest_px: float = 16.0
) -> float | None:
    """The absolute focal disparity between two slices: the blur radius in one where the other is sharp.

    Each tile of the composite `deep` is blurred by disks of at most `largest_px` until it matches the slice.
    Tiles that are sharp in one slice and blurred in the other give the disparity; the result is their median.
    The sign, which is the direction of the focus movement, cannot be estimated from blur. All are luminance
    in linear light, aligned and equally exposed.

    Returns:
        Pixels, positive. `None`: too few tiles are sharp in one slice and blurred in the other.
    """
    radii = [_blur_radii(deep, picture, largest_px) for picture in (first, second)]
    known = np.isfinite(radii[0]) & np.isfinite(radii[1])
    told = np.concatenate(
        [
            radii[other][known & (radii[one] <= _SHARP_PX) & (radii[other] > _SHARP_PX)]
            for one, other in ((0, 1), (1, 0))
        ]
    )
    return float(np.median(told)) if len(told) >= _FEWEST_TILES else None


def _blur_radii(deep: Grey, shot: Grey, largest_px: float) -> Float[np.ndarray, "rows columns"]:
    """For each tile, the radius of the disk that blurs the composite to match the slice; NaN if unclear."""
    radii = np.arange(0.0, largest_px + _STEP_PX / 2, _STEP_PX)
    errors = np.stack([_by_tile(np.square(_blurred(deep, radius) - shot)) for radius in radii])
    contrast = _by_tile(np.square(deep - cv2.blur(deep, (_TILE_PX, _TILE_PX))))
    best = errors.min(0)
    clear = (contrast > 1e-4) & (best < 0.05 * contrast) & (errors.argmin(0) < len(radii) - 1)
    return np.where(clear, radii[errors.argmin(0)], np.nan)


def _blurred(picture: Grey, radius: float) -> Grey:
    if radius == 0:
        return picture
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disk = np.clip(radius + 0.5 - np.hypot(x, y), 0.0, 1.0).astype(np.float32)
    return cv2.filter2D(picture, -1, disk / disk.sum(), borderType=cv2.BORDER_REPLICATE)


def _by_tile(values: Grey) -> Float[np.ndarray, "rows columns"]:
    rows, columns = values.shape[0] // _TILE_PX, values.shape[1] // _TILE_PX
    tiles = values[: rows * _TILE_PX, : columns * _TILE_PX].reshape(rows, _TILE_PX, columns, _TILE_PX)
    return tiles.mean((1, 3))
