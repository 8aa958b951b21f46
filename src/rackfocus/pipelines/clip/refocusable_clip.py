"""Reads a refocusable clip: a folder with a video's stabilised disparity `D` and HDR log exposure `E`.

    name.rvr/
      clip.json        see `info`
      zarr.json        a Zarr 3 group of
      disparity/       (frames, 1, height, width), half precision, a chunk a frame
      log_exposure/    (frames, 3, height, width), the same

Chunks end in a CRC-32C, which every read checks. `writer` writes the folder.
"""

import math
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import torch
import zarr
from jaxtyping import Float
from torch import Tensor

from rackfocus.pipelines.clip.info import INFO_FILE, ClipInfo, read_info
from rackfocus.pipelines.clip.source import find_source
from rackfocus.pipelines.fingerprint import file_identity
from rackfocus.reading.arrays import unpacked_bytes
from rackfocus.reading.damage import DAMAGE, reading
from rackfocus.types import InputError
from rackfocus.video import VideoReader, open_video

SUFFIX = ".rvr"
DISPARITY, LOG_EXPOSURE = "disparity", "log_exposure"


class RefocusableClip:
    """A finished clip, opened by `RefocusableClip.open`.

    Frames are given by their index in the video (`Frame.index`), even if the clip holds only a part of it.

    Attributes:
        path: of its folder.
        info: its metadata.
    """

    def __init__(self, path: Path, info: ClipInfo, arrays: dict[str, Any], source: Path | None) -> None:
        self.path = path
        self.info = info
        self._arrays = arrays
        self._named_source = source

    @classmethod
    def open(cls, path: str | Path, *, source: str | Path | None = None) -> Self:
        """Open a clip; its maps are read when they are requested.

        Args:
            path: of its folder.
            source: the current path of its video; `None`: it was not moved.

        Raises:
            InputError: it is not a clip, unfinished, or damaged.
        """
        path = Path(path)
        info = read_info(path / INFO_FILE)
        if not isinstance(info, ClipInfo):
            raise InputError(f"{path} is not finished; run the same `rackfocus make-clip` again to go on.")
        height, width = info.video.height, info.video.width
        arrays = {}
        for name, channels in ((DISPARITY, 1), (LOG_EXPOSURE, 3)):
            arrays[name] = open_array(path, name)
            if arrays[name].shape != (info.frames, channels, height, width):
                raise InputError(
                    f"{path / name} is not of the size that clip.json says; make the clip again."
                )
        return cls(path, info, arrays, None if source is None else Path(source))

    @property
    def frames(self) -> int:
        """The number of frames in the clip."""
        return self.info.frames

    @property
    def frame_range(self) -> range:
        """The frames of the video that the clip holds."""
        return self.info.frame_range

    @cached_property
    def source(self) -> Path:
        """The path of the video that the clip was made from.

        Raises:
            InputError: the video was moved or changed.
        """
        return find_source(self.path, self.info.video, self._named_source)

    def open_source(self) -> VideoReader:
        """A reader of the video that the clip was made from.

        Raises:
            InputError: the video was moved or changed, or it cannot be read.
        """
        # A clip with damaged frames was made with `hold`.
        return open_video(self.source, fps=self.info.video.fps, damaged="hold")

    def disparity(self, frame: int) -> Float[Tensor, "1 height width"]:
        """`D` of a frame: signed blur radius in pixels of the video at the reference aperture.

        Raises:
            InputError: the clip does not hold the frame, or it is damaged on disk.
        """
        return self._read(DISPARITY, frame)

    def log_exposure(self, frame: int) -> Float[Tensor, "3 height width"]:
        """`E >= 0` of a frame (Eq. 4).

        Raises:
            InputError: the clip does not hold the frame, or it is damaged on disk.
        """
        return self._read(LOG_EXPOSURE, frame)

    def identity(self) -> Any:
        """A value that differs between different clips, for `fingerprint`."""
        return file_identity(self.path)

    def _read(self, name: str, frame: int) -> Tensor:
        if frame not in self.frame_range:
            held = self.frame_range
            raise InputError(f"{self.path} holds frames {held.start} to {held.stop - 1}, and not {frame}.")
        position = frame - self.info.first
        what = f"{name.replace('_', ' ')} of frame {frame} in {self.path}"
        # Zarr reads a missing chunk as fill values, without an error.
        chunk = chunk_file(self.path, name, position)
        if not chunk.is_file():
            raise InputError(f"The {what} is missing; make the clip again.")
        array = self._arrays[name]
        try:
            if unpacked_bytes(chunk) != array.dtype.itemsize * math.prod(array.chunks):
                raise ValueError("of another size")
            values = array[position]
        except DAMAGE as error:
            raise InputError(f"The {what} is damaged; make the clip again.") from error
        return torch.from_numpy(values).float()


def open_array(path: Path, name: str, *, mode: Literal["r", "r+"] = "r") -> Any:
    """Open one of the arrays of a clip for reading, or with `r+` for reading and writing.

    Raises:
        InputError: the array is missing or damaged.
    """
    with reading(path / name, "is damaged or missing; make the clip again."):
        return zarr.open_array(str(path / name), mode=mode, zarr_format=3)


def chunk_file(path: Path, name: str, position: int) -> Path:
    """The path of a frame's chunk; `position` is the frame's index in the clip."""
    return path / name / f"c.{position}.0.0.0"
