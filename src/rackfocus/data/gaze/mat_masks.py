"""Reads fixation masks in MATLAB's format: version 5 files with one numeric matrix, as DHF1K stores them.

MAT-File Format, MathWorks: a header of 128 bytes, then elements of a tag (type, size) and padded data; an
element may be compressed. scipy reads more types, but would be a dependency for this one.
"""

import struct
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from rackfocus.reading.damage import reading
from rackfocus.reading.limits import require_pixels
from rackfocus.types import InputError

_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_MATRIX, _COMPRESSED = 14, 15
_HEAD_BYTES = 1024
"""What lies before the numbers of a matrix is shorter; its name has at most 63 letters."""


def read_mat_mask(path: Path) -> Bool[np.ndarray, "height width"]:
    """Where the first matrix of a MAT-file is nonzero.

    Raises:
        InputError: the file is missing, damaged, of another version, or has no real matrix.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing; get the data set again.")
    content = path.read_bytes()
    with reading(path, "is damaged, or no MATLAB matrix of version 5; get it again."):
        order = {b"IM": "<", b"MI": ">"}[content[126:128]]
        kind, body, _ = _element(content, 128, order)
        if kind == _COMPRESSED:
            kind, body, _ = _element(_unpacked(path, body, order), 0, order)
        if kind != _MATRIX:
            raise ValueError(kind)
        height, width, at = _size(path, body, order)
        _, _, at = _element(body, at, order)  # Its name.
        kind, values, _ = _element(body, at, order)
        numbers = np.frombuffer(values, order + _NUMBERS[kind])
        return numbers.reshape(width, height).T != 0


def _unpacked(path: Path, packed: bytes, order: str) -> bytes:
    """A compressed element, if it is a matrix of a size that is read."""
    stream = zlib.decompressobj()
    head = stream.decompress(packed, _HEAD_BYTES)
    height, width, _ = _size(path, head[8:], order)
    return head + stream.decompress(stream.unconsumed_tail, _HEAD_BYTES + 8 * height * width)


def _size(path: Path, matrix: bytes, order: str) -> tuple[int, int, int]:
    """Height and width of a matrix, and the offset of what follows them."""
    _, _, at = _element(matrix, 0, order)  # Flags.
    _, shape, at = _element(matrix, at, order)
    height, width = np.frombuffer(shape, order + "i4").tolist()
    require_pixels(path, width, height)
    return height, width, at


def _element(content: bytes, at: int, order: str) -> tuple[int, bytes, int]:
    """Type and data of the element at an offset, and the offset of the next one."""
    kind, size = struct.unpack_from(order + "II", content, at)
    if kind >> 16:  # A small element: four bytes of data beside a short tag.
        return kind & 0xFFFF, content[at + 4 : at + 4 + (kind >> 16)], at + 8
    data = content[at + 8 : at + 8 + size]
    if len(data) < size:
        raise ValueError("cut short")
    return kind, data, at + 8 + -(-size // 8) * 8
