"""What refocusing a video takes of the host's memory, and a sentence before the machine begins to swap."""

import logging
from pathlib import Path

from rackfocus.memory import available_bytes, swap_bytes
from rackfocus.types import InputError

PROGRAM_BYTES = 770_000_000
SOURCE_PIXEL_BYTES = 50
PIXEL_BYTES = 150
"""The peak of `refocus` on a CPU: of the program with its libraries, for a pixel of a frame of the source and
for one of a frame of the output. Fitted to videos of 1280x720 and 3840x2160; see `experiments/refocus`."""

SURE_SHARE = 1 / 3
"""Less than this part of it cannot suffice: a single photograph or two frames take more."""

SCALES = (0.75, 0.5, 0.25)

_log = logging.getLogger(__name__)


def needed_bytes(source_pixels: int, pixels: int) -> int:
    """The memory that `refocus` takes at its peak, with the default settings.

    Args:
        source_pixels: of a frame of the source.
        pixels: of a frame of the output.
    """
    return PROGRAM_BYTES + SOURCE_PIXEL_BYTES * source_pixels + PIXEL_BYTES * pixels


def check_memory(path: Path, source_size: tuple[int, int], size: tuple[int, int]) -> None:
    """Log a warning if refocusing may take more memory than is available.

    Args:
        path: of the source.
        source_size: width and height of its frames.
        size: width and height of the frames of the output.

    Raises:
        InputError: for certain there is too little, even with swap.
    """
    available = available_bytes()
    source_pixels, pixels = source_size[0] * source_size[1], size[0] * size[1]
    needed = needed_bytes(source_pixels, pixels)
    if available is None or needed <= available:
        return
    suffice = (
        f"set scale={scale} or "
        for scale in SCALES
        if scale**2 * source_pixels < pixels
        and needed_bytes(source_pixels, round(scale**2 * source_pixels)) <= available
    )
    sentence = (
        f"{path} needs about {needed / 1e9:.1f} GB of memory at {size[0]} x {size[1]}, and "
        f"{available / 1e9:.1f} GB are available; {next(suffice, '')}end other programs"
    )
    if SURE_SHARE * needed > available + swap_bytes():
        raise InputError(f"{sentence}.")
    _log.warning("%s, before the machine becomes slow.", sentence)
