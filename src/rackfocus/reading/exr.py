"""OpenEXR pictures; their size is checked before they are decoded."""

from pathlib import Path

import OpenEXR

from rackfocus.reading.damage import DAMAGE, reading
from rackfocus.reading.limits import require_pixels

MOST_CHANNELS = 64
"""More channels than layers of a renderer have."""


def read_exr(path: Path, broken: str, *, separate: bool = False) -> dict[str, "OpenEXR.Channel"]:
    """The channels by name; `separate` gives R, G and B one by one, and not as RGB.

    Raises:
        InputError: the file is damaged, or claims too many pixels or channels.
    """
    with reading(path, broken):
        with OpenEXR.File(str(path), header_only=True) as file:
            height, width = _size(file.header())
            channels = len(file.header()["channels"])
        require_pixels(path, width, height)
        if channels > MOST_CHANNELS:
            raise ValueError(f"it has {channels} channels")
        with OpenEXR.File(str(path), separate_channels=separate) as file:
            return dict(file.channels())


def exr_size(path: Path) -> tuple[int, int] | None:
    """Height and width from the header. `None`: it cannot be read."""
    try:
        with OpenEXR.File(str(path), header_only=True) as file:
            return _size(file.header())
    except DAMAGE:
        return None


def _size(header: dict[str, tuple[tuple[int, int], tuple[int, int]]]) -> tuple[int, int]:
    low, high = header["dataWindow"]
    return int(high[1]) - int(low[1]) + 1, int(high[0]) - int(low[0]) + 1
