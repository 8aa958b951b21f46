"""Reads a refocusable clip: a folder with a video's stabilised disparity `D` and HDR log exposure `E`.

    name.rvr/
      clip.json        see `info`
      zarr.json        a Zarr 3 group of
      disparity/       (frames, 1, height, width), half precision, a chunk a frame
      log_exposure/    (frames, 3, height, width), the same

Every read checks the CRC-32C at the end of a chunk, its sum in clip.json, and the range of its values.
`writer` writes the folder.
"""

import math
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.pipelines.clip.arrays import (
    CHANNELS,
    DISPARITY,
    LOG_EXPOSURE,
    LOG_EXPOSURE_RANGE,
    chunk_file,
    lies_within,
    open_clip_array,
)
from rackfocus.pipelines.clip.info import INFO_FILE, ClipInfo, read_info
from rackfocus.pipelines.clip.source import digest, find_source
from rackfocus.pipelines.fingerprint import file_identity
from rackfocus.reading.arrays import unpacked_bytes
from rackfocus.reading.damage import DAMAGE
from rackfocus.types import InputError
from rackfocus.video import VideoReader, open_video

SUFFIX = ".rvr"


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
        width, height = info.video.width, info.video.height
        arrays = {name: open_clip_array(path, name, info.frames, width, height) for name in CHANNELS}
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
        chunk = chunk_file(self.path, name, position)
        # Zarr reads a missing chunk as fill values, without an error.
        if not chunk.is_file():
            raise InputError(f"The {what} is missing; make the clip again.")
        array = self._arrays[name]
        limits = self.info.disparity_range_px if name == DISPARITY else LOG_EXPOSURE_RANGE
        try:
            if unpacked_bytes(chunk) != array.dtype.itemsize * math.prod(array.chunks):
                raise ValueError("of another size")
            if self.info.chunk_sha256 and digest(chunk) != self.info.chunk_sha256[name][position]:
                raise ValueError("of another sum")
            values = array[position]
            if not lies_within(values, limits):
                raise ValueError("of values beyond the limits")
        except DAMAGE as error:
            raise InputError(f"The {what} is damaged; make the clip again.") from error
        return torch.from_numpy(values).float()
