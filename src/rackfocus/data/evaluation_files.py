"""Finds and reads files of the evaluation sets: folders, and PNG files of integer codes."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from rackfocus.reading.pictures import read_pixels
from rackfocus.types import InputError


def existing_folder(root: str | Path) -> Path:
    """The folder of a data set.

    Raises:
        InputError: there is no such folder.
    """
    folder = Path(root)
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; set data.root to the folder of the data set.")
    return folder


def list_files(folder: Path, suffixes: Iterable[str]) -> list[Path]:
    """The files of a folder with these endings (lower case, with a dot; case is ignored), in order."""
    wanted = frozenset(suffixes)
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in wanted and path.is_file() and not path.name.startswith(".")
    )


def folders_below(root: Path) -> list[Path]:
    """`root` and all its subfolders at any depth, in order, without hidden ones."""
    below = [path for path in root.rglob("*") if path.is_dir()]
    seen = [path for path in below if not any(part.startswith(".") for part in path.relative_to(root).parts)]
    return [root, *sorted(seen)]


def read_codes(path: Path, bits: int) -> Int[Tensor, "1 height width"]:
    """Read a grey PNG of integer codes of 8 or 16 bits, as int32. A grey picture saved in colour is read as
    grey.

    Raises:
        InputError: the file is missing, unreadable, coloured, or has another bit depth.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing; get the data set again.")
    broken = "cannot be read as a picture, or it is damaged; get the data set again."
    pixels = read_pixels(path, cv2.IMREAD_UNCHANGED, broken)
    if pixels.ndim == 3 and all(np.array_equal(pixels[..., 0], pixels[..., other]) for other in (1, 2)):
        pixels = pixels[..., 0]
    if pixels.ndim != 2 or pixels.dtype != {8: np.uint8, 16: np.uint16}[bits]:
        raise InputError(f"{path} must be a {bits}-bit grey picture; get the data set again.")
    return torch.from_numpy(pixels.astype(np.int32))[None]


def read_mask(path: Path) -> Bool[Tensor, "1 height width"]:
    """Read an 8-bit mask: true where it is not black.

    Raises:
        InputError: as from `read_codes`.
    """
    return read_codes(path, 8) > 0
