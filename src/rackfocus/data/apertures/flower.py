"""Flower (Srinivasan et al. 2017): light fields of a Lytro Illum, `Flowers_8bit/IMG_<number>_eslf.png`."""

import re
from collections.abc import Sequence
from functools import cache, partial
from importlib.resources import files
from pathlib import Path

import cv2

from rackfocus.data.apertures.light_fields.light_field import LightField
from rackfocus.data.apertures.light_fields.samples import LightFieldSamples, Refocus
from rackfocus.reading.pictures import read_pixels
from rackfocus.types import InputError, MissingSplit

HEIGHT, WIDTH = 372, 540
"""Size of a view: whole lenslets, to which the pictures are cropped."""

LENSLET = 14
"""Pixels of a lenslet along one axis: one for each view."""

USED = slice(1, 13)
"""The central 12 of the 14 views along each axis; the outer ones are affected by the rims of the lenslets."""

SPLITS = ("train", "validation", "test")

_NAME = re.compile(r"IMG_(\d+)_eslf\.png")


class Flower(LightFieldSamples):
    """One split of the flowers.

    Args:
        root: the folder `Flowers_8bit`.
        split: `validation` and `test` are the numbers in `flower_splits`, `train` all others.
        is_linear: whether the pictures contain linear light; see the card.
        mirrored: whether the indices of views run against the camera's motion; see the card.
        focus_slope: see `LightFieldSamples`. 0 is the camera's own focus.
        adjusted: see `LightFieldSamples`.

    Raises:
        InputError: the folder or the split is missing, or has no light field; on access, a file is damaged.
    """

    def __init__(
        self,
        root: str | Path,
        split: str,
        *,
        is_linear: bool = True,
        mirrored: bool = False,
        focus_slope: float = 0.0,
        adjusted: Sequence[Refocus],
    ) -> None:
        read = partial(read_eslf, is_linear=is_linear, mirrored=mirrored)
        super().__init__(flower_files(Path(root), split), read, focus_slope=focus_slope, adjusted=adjusted)


def flower_files(root: Path, split: str) -> list[Path]:
    """The pictures of a split, by number.

    Raises:
        InputError: the folder or the split is missing, or has no picture.
    """
    if split not in SPLITS:
        raise InputError(f"Flower has no split {split!r}; choose one of {', '.join(SPLITS)}.")
    if not root.is_dir():
        raise InputError(f"{root} is no folder; name the folder Flowers_8bit of the Flower data set.")
    numbered = ((int(name[1]), path) for path in root.iterdir() if (name := _NAME.fullmatch(path.name)))
    found = sorted(numbered)
    if not found:
        raise InputError(f"{root} holds no IMG_<number>_eslf.png; name the folder Flowers_8bit of Flower.")
    chosen = [path for number, path in found if split_of(number) == split]
    if not chosen:
        raise MissingSplit(
            f"{root} holds {len(found)} light fields but none of the {split} split; "
            "get the whole data set, or choose another split."
        )
    return chosen


def split_of(number: int) -> str:
    """The split that `IMG_<number>_eslf.png` belongs to."""
    held_out = (split for split in SPLITS[1:] if any(number in block for block in _blocks(split)))
    return next(held_out, "train")


def read_eslf(path: Path, *, is_linear: bool = True, mirrored: bool = False) -> LightField:
    """Read one lenslet picture: view `(v, u)` is `picture[v::14, u::14]`, here for the central 12x12.

    Raises:
        InputError: the file is missing, damaged, or smaller than 7560x5208.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing; get the data set again.")
    # OpenCV takes .6 s and, unlike Pillow, verifies checksums; the reader of stills takes 2 s.
    broken = "is not a picture that can be read, or it is damaged; get it again."
    codes = read_pixels(path, cv2.IMREAD_COLOR_RGB, broken)
    high, wide = HEIGHT * LENSLET, WIDTH * LENSLET
    if codes.shape[0] < high or codes.shape[1] < wide:
        raise InputError(
            f"{path} is {codes.shape[1]}x{codes.shape[0]} pixels, less than the {wide}x{high} of a "
            "light field; get it again."
        )
    lenslets = codes[:high, :wide].reshape(HEIGHT, LENSLET, WIDTH, LENSLET, 3)
    views = lenslets.transpose(1, 3, 0, 2, 4)[USED, USED]
    return LightField(path.stem, views[::-1, ::-1] if mirrored else views, is_linear)


@cache
def _blocks(split: str) -> list[range]:
    """The ranges of numbers of a split, from a file with lines `first-last`."""
    text = (files("rackfocus.data.apertures") / "flower_splits" / f"{split}.txt").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [range(int(first), int(last) + 1) for first, last in (line.split("-") for line in lines)]
