"""The arrays of a clip on disk, one chunk a frame, and the values they may hold."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec
from zarr.core.buffer import default_buffer_prototype

from rackfocus.reading.damage import reading
from rackfocus.types import InputError

DISPARITY, LOG_EXPOSURE = "disparity", "log_exposure"
CHANNELS = {DISPARITY: 1, LOG_EXPOSURE: 3}
"""The arrays of a clip, and how many channels each has."""

DESCRIPTION_FILE = "zarr.json"

LOG_EXPOSURE_RANGE = (0.0, 1.0)
"""Light of `E = 1` is `exp(50)` times as bright as without: 72 stops."""


def disparity_limits_px(width: int, height: int) -> tuple[float, float]:
    """The lowest and the highest disparity that a clip may hold: disks of 4 times the longer side.

    Such a disk covers the frame from wherever it is; a larger one would look the same.
    """
    largest = 4.0 * max(width, height)
    return -largest, largest


def lies_within(values: np.ndarray, limits: tuple[float, float]) -> bool:
    """Whether all values are numbers within limits, which may be reached."""
    lowest, highest = limits
    return bool((values >= lowest).all() and (values <= highest).all())  # false for NaN


def description(name: str, frames: int, width: int, height: int) -> bytes:
    """The content of the `zarr.json` of an array, of which the layout is always the same."""
    return _layout(name, frames, width, height).metadata.to_buffer_dict(default_buffer_prototype())[
        DESCRIPTION_FILE
    ].to_bytes()  # fmt: skip


def open_clip_array(path: Path, name: str, frames: int, width: int, height: int) -> Any:
    """Open an array of the clip in `path` for reading.

    Raises:
        InputError: it is missing or damaged, or has another layout.
    """
    array = open_array(path, name)
    if array.shape != (frames, CHANNELS[name], height, width):
        raise InputError(f"{path / name} is not of the size that clip.json says; make the clip again.")
    if array.metadata.to_dict() != _layout(name, frames, width, height).metadata.to_dict():
        raise InputError(f"{path / name / DESCRIPTION_FILE} was changed; make the clip again.")
    return array


def open_array(path: Path, name: str, *, mode: Literal["r", "r+"] = "r") -> Any:
    """Open an array in `path` for reading, or with `r+` for reading and writing.

    Raises:
        InputError: the array is missing or damaged.
    """
    with reading(path / name, "is damaged or missing; make the clip again."):
        return zarr.open_array(str(path / name), mode=mode, zarr_format=3)


def chunk_file(path: Path, name: str, position: int) -> Path:
    """The path of a frame's chunk; `position` is the frame's index in the array."""
    return path / name / f"c.{position}.0.0.0"


def _layout(name: str, frames: int, width: int, height: int) -> Any:
    """An array in memory, without content."""
    return zarr.create_array(
        store={},
        shape=(frames, CHANNELS[name], height, width),
        chunks=(1, CHANNELS[name], height, width),
        dtype="float16",
        # NaN, not 0: Zarr does not write chunks of fill values, and a lost frame must not read as 0.
        fill_value=np.nan,
        # The smallest of the fast compressors: a frame of 1920x1080 takes 1.4 MB and 0.15 s of one core.
        compressors=[BloscCodec(cname="zstd", clevel=3, shuffle="bitshuffle", typesize=2), Crc32cCodec()],
        # All chunks in one folder, instead of nested folders for every frame.
        chunk_key_encoding={"name": "default", "separator": "."},
        dimension_names=["frame", "channel", "height", "width"],
    )
