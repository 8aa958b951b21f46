"""Readers of depth or nearness recorded with a video, one map for each frame, without conversion.

A folder of PNG (8 or 16 bit), EXR or NPY, one file a frame; an array `.npy`, or `.npz` as
Video-Depth-Anything writes it (`depths`, frames x height x width); or a grey video.
"""

import math
import re
import tempfile
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np
from jaxtyping import Float

from rackfocus.reading.arrays import array_header, read_npy
from rackfocus.reading.damage import reading
from rackfocus.reading.exr import read_exr
from rackfocus.reading.pictures import opened_picture
from rackfocus.types import InputError
from rackfocus.video.random_access import RandomAccess

FRAME_SUFFIXES = (".png", ".exr", ".npy")
ARRAY_NAME = "depths"
"""The name of the array that Video-Depth-Anything writes."""
GREY_TOLERANCE = 16
"""Largest difference, of 255, of the channels of a grey picture after lossy coding."""
_ANY_HEIGHT_PX = 1 << 16
BROKEN = "cannot be read as an array, or it is damaged; make it again."


class DepthRecording(Protocol):
    """A sequence of maps.

    Attributes:
        count: number of maps.
        times_s: display time of each, from the first one. `None`: the recording has no times.
    """

    count: int
    times_s: Float[np.ndarray, " frame"] | None

    def read(self, index: int) -> np.ndarray:
        """The values of a map as they are stored, rows x columns.

        Raises:
            InputError: the map is damaged, or not grey.
        """
        ...


def open_recording(path: Path) -> DepthRecording:
    """Open a recording of any of these formats.

    Raises:
        InputError: the path is missing, its format is unknown, or it is damaged.
    """
    suffix = path.suffix.lower()
    if path.is_dir():
        return DepthFiles(depth_files(path))
    if not path.exists():
        raise InputError(f"{path} does not exist; give the folder, array or video that holds the depth.")
    if suffix == ".npz":
        return DepthArray(path, _unpacked(path))
    if suffix == ".npy":
        array = _mapped(path)
        return DepthFiles([path]) if array.ndim == 2 else DepthArray(path, array)
    if suffix in FRAME_SUFFIXES:
        return DepthFiles([path])
    return DepthVideo(path)


class DepthFiles:
    """One file for each frame, in order. See `DepthRecording`."""

    times_s: Float[np.ndarray, " frame"] | None = None

    def __init__(self, files: list[Path]) -> None:
        self._files = files
        self.count = len(files)

    def read(self, index: int) -> np.ndarray:
        """See `DepthRecording.read`."""
        path = self._files[index]
        suffix = path.suffix.lower()
        values = {".png": _read_png, ".exr": _read_exr, ".npy": _mapped}[suffix](path)
        while values.ndim > 2 and values.shape[0] == 1:
            values = values[0]
        if values.ndim != 2 or not values.size or values.dtype.kind not in "fiu":
            shape = " x ".join(map(str, values.shape))
            raise InputError(f"{path} holds {shape} values and must hold one map, height x width.")
        return values


class DepthArray:
    """An array of frames x height x width; the path is for error messages. See `DepthRecording`.

    Raises:
        InputError: the array does not have these axes.
    """

    times_s: Float[np.ndarray, " frame"] | None = None

    def __init__(self, path: Path, array: np.ndarray) -> None:
        if array.ndim == 4 and 1 in (array.shape[1], array.shape[-1]):
            array = array.squeeze(1 if array.shape[1] == 1 else -1)
        if array.ndim != 3 or not array.size or array.dtype.kind not in "fiu":
            shape = " x ".join(map(str, array.shape))
            raise InputError(f"{path} holds {shape} values and must hold frames x height x width numbers.")
        self._array = array
        self.count = len(array)

    def read(self, index: int) -> np.ndarray:
        """See `DepthRecording.read`."""
        return np.array(self._array[index])


class DepthVideo:
    """A grey video, read at 8 bits. See `DepthRecording`.

    Raises:
        InputError: the file is no readable video.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._video = RandomAccess(path, height_px=_ANY_HEIGHT_PX)
        self.count = self._video.count
        self.times_s: Float[np.ndarray, " frame"] | None = self._video.times_s

    def read(self, index: int) -> np.ndarray:
        """See `DepthRecording.read`."""
        image = self._video.read(index)[-1][1]
        return _grey(image, f"Frame {index} of {self._path}")


def depth_files(folder: Path) -> list[Path]:
    """The maps of a folder in the order of the numbers in their names.

    The frame number is the first number that differs between all names, as in `0_zf_0.91.png`.

    Raises:
        InputError: there are no maps, several formats, no such number in the names, or a number is missing.
    """
    files = [
        file
        for file in folder.iterdir()
        if file.suffix.lower() in FRAME_SUFFIXES and not file.name.startswith(".")
    ]
    suffixes = sorted({file.suffix.lower() for file in files})
    if not files:
        raise InputError(
            f"{folder} holds no file of depth; it must hold one a frame ({' '.join(FRAME_SUFFIXES)})."
        )
    if len(suffixes) > 1:
        raise InputError(
            f"{folder} holds files of several kinds ({' '.join(suffixes)}); keep those of one in a folder of "
            "their own."
        )
    if len(files) == 1:
        return files
    fields = list(zip(*([int(n) for n in re.findall(r"\d+", file.stem)] for file in files), strict=False))
    numbers = next((field for field in fields if len(set(field)) == len(files)), None)
    if numbers is None:
        raise InputError(f"{folder} holds files that are not numbered; name them like 0001.png.")
    numbered = sorted(zip(numbers, files, strict=True))
    step = min(after - before for (before, _), (after, _) in pairwise(numbered))
    for (before, one), (after, other) in pairwise(numbered):
        if after - before != step:
            raise InputError(
                f"{folder} has no depth {before + step} between {one.name} and {other.name}; add it."
            )
    return [file for _, file in numbered]


def _read_png(path: Path) -> np.ndarray:
    with reading(path, "cannot be read as a PNG, or it is damaged; make it again."):  # noqa: SIM117
        with opened_picture(path) as picture:
            pixels = np.array(picture.convert("RGB") if picture.mode == "P" else picture)
    if pixels.ndim == 3 and pixels.shape[2] >= 3:
        return _grey(pixels[..., :3], str(path))
    return pixels[..., 0] if pixels.ndim == 3 else pixels


def _grey(image: np.ndarray, name: str) -> np.ndarray:
    """Reduce an 8-bit picture of three channels to one."""
    if (np.ptp(image, axis=2) > GREY_TOLERANCE).mean() > 0.001:
        raise InputError(f"{name} is in colours, and depth must be grey; write it without a colour map.")
    return np.ascontiguousarray(image[..., 1])


def _read_exr(path: Path) -> np.ndarray:
    found = read_exr(path, "cannot be read as OpenEXR, or it is damaged; make it again.")
    channels = {name: channel.pixels for name, channel in found.items()}
    for name in ("Z", "Y", "R"):
        if name in channels:
            return np.asarray(channels[name])
    if len(channels) != 1:
        named = ", ".join(channels) or "none"
        raise InputError(f"{path} must have a channel Z, Y or R, or only one channel, and has {named}.")
    (pixels,) = channels.values()
    if pixels.ndim == 3 and not np.array_equal(pixels[..., 0], pixels[..., 1]):
        raise InputError(f"{path} is in colours, and depth must be grey; write it without a colour map.")
    return np.asarray(pixels if pixels.ndim == 2 else pixels[..., 0])


def _mapped(path: Path) -> np.ndarray:
    """A `.npy` file as a memory map."""
    with reading(path, BROKEN):
        return read_npy(path)


def _unpacked(path: Path) -> np.ndarray:
    """The array of a `.npz` file, mapped from an unnamed temporary file, as it may exceed the memory."""
    with reading(path, BROKEN), zipfile.ZipFile(path) as archive, tempfile.TemporaryFile() as unpacked:
        arrays = [name.removesuffix(".npy") for name in archive.namelist()]
        if ARRAY_NAME not in arrays:
            named = ", ".join(arrays) or "nothing"
            raise InputError(f"{path} holds no array {ARRAY_NAME}, but {named}; write it again.")
        with archive.open(f"{ARRAY_NAME}.npy") as packed:
            shape, is_fortran, dtype = array_header(path, packed)
            left = math.prod(shape) * dtype.itemsize
            while left and (part := packed.read(min(left, 1 << 20))):
                left -= unpacked.write(part)
        unpacked.flush()
        # The mapping keeps the file's data on disk after it is closed; it fails if that ended early.
        return np.memmap(unpacked, dtype, "r", 0, shape, "F" if is_fortran else "C")
