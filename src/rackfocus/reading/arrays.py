"""Arrays in numpy's files; no more is unpacked than the header of the array says."""

import math
import zipfile
from pathlib import Path
from typing import IO

import numpy as np

from rackfocus.reading.limits import require_pixels

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def array_header(path: Path, file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether the order is Fortran's, and type of the array that begins here.

    To be called within `rackfocus.reading.damage.reading`; the path is for the message.

    Raises:
        ValueError: there is no array of numbers.
        InputError: its last two axes claim too many pixels.
    """
    shape, is_fortran, dtype = _HEADERS[np.lib.format.read_magic(file)](file)
    if dtype.kind not in "fiub" or not math.prod(shape):
        raise ValueError("no array of numbers")
    height, width = (1, 1, *shape)[-2:]
    require_pixels(path, width, height)
    return shape, is_fortran, dtype


def read_npz(path: Path, name: str) -> np.ndarray:
    """A picture, the array of this name; to be called within `rackfocus.reading.damage.reading`.

    Raises:
        KeyError: there is none of this name.
        InputError: as from `array_header`.
        ValueError, OSError, BadZipFile, zlib.error: the file is damaged, or the array has no two axes.
    """
    with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as file:
        shape, is_fortran, dtype = array_header(path, file)
        if len(shape) != 2:
            raise ValueError("not a picture")
        return _values(file, shape, is_fortran, dtype)


def read_npy(path: Path) -> np.ndarray:
    """The array of a file as a memory map; to be called within `rackfocus.reading.damage.reading`.

    Raises:
        InputError: as from `array_header`.
        ValueError, OSError: the file is damaged.
    """
    with path.open("rb") as file:
        array_header(path, file)
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def unpacked_bytes(path: Path) -> int:
    """How many bytes a chunk of Blosc unpacks to, by its header.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return int.from_bytes(file.read(8)[4:], "little")


def _values(file: IO[bytes], shape: tuple[int, ...], is_fortran: bool, dtype: np.dtype) -> np.ndarray:
    needed = math.prod(shape) * dtype.itemsize
    content = file.read(needed)
    if len(content) < needed:
        raise ValueError("cut short")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if is_fortran else "C")
