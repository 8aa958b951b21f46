"""Pictures read by OpenCV and Pillow; their size is checked before they are decoded."""

import os
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from rackfocus.reading.damage import DAMAGE, reading
from rackfocus.reading.exr import exr_size
from rackfocus.reading.limits import require_pixels
from rackfocus.types import InputError

# `require_pixels` takes its place; it warns of pictures that are not too large.
Image.MAX_IMAGE_PIXELS = None

_EXR = b"\x76\x2f\x31\x01"
_RADIANCE = b"#?"
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""By the type of colour."""
_DEFLATED = 1032
"""The most bytes that a byte of a PNG unpacks to: 258 for every two bits (RFC 1951)."""
_RESOLUTION = re.compile(rb"\n[-+]Y (\d{1,9}) [-+]X (\d{1,9})\n")


def read_pixels(path: Path, flags: int, broken: str) -> np.ndarray:
    """What `cv2.imread` gives with these flags.

    Args:
        path: of the picture.
        flags: of `cv2.imread`.
        broken: what is wrong with a file that is not read; see `reading`.

    Raises:
        InputError: the file is no picture, is damaged, or claims too many pixels.
    """
    with reading(path, broken):
        size = picture_size(path)
        if size is None:
            raise ValueError("no known kind of picture")
        require_pixels(path, size[1], size[0])
        _require_content(path)
        pixels = cv2.imread(str(path), flags)
        if pixels is None:
            raise ValueError("OpenCV cannot read it")
    return pixels


@contextmanager
def opened_picture(path: Path) -> Iterator[Image.Image]:
    """A picture opened by Pillow, not decoded yet; to be used within `rackfocus.reading.damage.reading`.

    Raises:
        InputError: it claims too many pixels.
    """
    with Image.open(path) as picture:
        require_pixels(path, *picture.size)
        _require_content(path)
        yield picture


def picture_size(path: Path) -> tuple[int, int] | None:
    """Height and width from the header of a picture of any kind. `None`: it cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
        if head.startswith(_EXR):
            return exr_size(path)
        if head.startswith(_RADIANCE):
            found = _RESOLUTION.search(head)
            return (int(found[1]), int(found[2])) if found else None
        with Image.open(path) as picture:
            return picture.height, picture.width
    except DAMAGE:
        return None


def _require_content(path: Path) -> None:
    """Check that a PNG holds the chunks whose lengths it claims, and is long enough for its pixels.

    Raises:
        ValueError: a chunk is longer than the file; OpenCV would make room for it.
        InputError: it claims more pixels than the file can hold.
    """
    with path.open("rb") as file:
        file_bytes = file.seek(0, os.SEEK_END)
        file.seek(0)
        head = file.read(26)
        if not head.startswith(_PNG) or len(head) < 26:
            return
        end, chunk = len(_PNG), b""
        while end < file_bytes and chunk[4:] != b"IEND":  # What follows that is no part of the picture.
            file.seek(end)
            chunk = file.read(8)
            end += 12 + int.from_bytes(chunk[:4], "big")
        if end > file_bytes:
            raise ValueError("a chunk is cut short")
    width, height, depth, kind = struct.unpack(">IIBB", head[16:26])
    claimed = height * width * depth * _PNG_CHANNELS.get(kind, 1) // 8
    if claimed > _DEFLATED * file_bytes:
        raise InputError(
            f"{path} claims {width} x {height} pixels, more than its {file_bytes} bytes can hold; replace it."
        )
