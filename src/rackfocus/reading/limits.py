"""The largest picture that is read: a small file may claim any size, and would take all memory."""

import os
from pathlib import Path

from rackfocus.types import InputError

LIMIT_VARIABLE = "RACKFOCUS_MAX_PIXELS"
LARGEST_PIXELS = 1 << 27
"""The default: 134 million, which holds 16k video (15360 x 8640) and 16k panoramas (16384 x 8192)."""


def largest_pixels() -> int:
    """How many pixels a picture may have: `$RACKFOCUS_MAX_PIXELS`, or `LARGEST_PIXELS`.

    Raises:
        InputError: the variable is no positive whole number.
    """
    given = os.environ.get(LIMIT_VARIABLE, "")
    if not given:
        return LARGEST_PIXELS
    if not (given.isascii() and given.isdigit() and 0 < len(given) < 19 and int(given) > 0):
        raise InputError(f"{LIMIT_VARIABLE} must be a number of pixels, such as {LARGEST_PIXELS}.")
    return int(given)


def decoder_limit() -> dict[str, str]:
    """The option of FFmpeg's decoders that bounds pictures whose header was not read before.

    It is somewhat higher, because FFmpeg counts the pixels that it pads a picture with, too.
    """
    return {"max_pixels": str(largest_pixels() * 9 // 8 + (1 << 16))}


def require_pixels(path: Path, width: int, height: int) -> None:
    """Check the size that a header claims, before anything is decoded.

    Raises:
        InputError: the picture has no pixels, or more than `largest_pixels`.
    """
    if width < 1 or height < 1:
        raise InputError(f"{path} claims a size of {width} x {height} pixels; replace it.")
    if width * height > largest_pixels():
        raise InputError(
            f"{path} claims {width} x {height} pixels, more than the {largest_pixels()} that are read; reduce"
            f" it, or set {LIMIT_VARIABLE} if that is its size."
        )
