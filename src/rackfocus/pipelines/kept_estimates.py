"""`D` and `E` that were estimated for finding focus, stored on disk for rendering.

They are in a hidden folder beside the output video, one chunk per frame, until that video is complete. A job
that was killed resumes at the first frame that is missing or damaged. A frame of 1920x1080 takes less than a
megabyte: values are rounded to steps too small to be visible, and stored as differences along rows.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import zarr
from jaxtyping import Float
from torch import Tensor
from zarr.codecs import BloscCodec, Crc32cCodec

from rackfocus.pipelines.clip.arrays import DISPARITY, LOG_EXPOSURE, chunk_file, open_array
from rackfocus.pipelines.clip.writer import UNBOUNDED, settle, sweep
from rackfocus.pipelines.estimates import Estimates
from rackfocus.pipelines.packed_maps import packed, unpacked
from rackfocus.pipelines.prefetch import prefetch
from rackfocus.types import InputError
from rackfocus.video.decoding.reduction import Size
from rackfocus.work_folder import work_folder

STEPS = {DISPARITY: 1 / 16, LOG_EXPOSURE: 1 / 3200}
"""The steps that values are rounded to: 1/16 pixel of blur radius; 1/64 of `k E`, 1.6 percent of radiance."""


class KeptEstimates:
    """The estimates of the first frames of a video, on disk. A context manager.

    The folder is removed when the context ends without an error or without a frame. After an error it is
    kept, so that the same job can resume.

    Args:
        target: the output video; the folder is beside it.
        size: width and height of the maps.
        job: a text that identifies what is estimated and how; the estimates of another job are removed.

    Raises:
        InputError: on entering, the folder cannot be made.
    """

    def __init__(self, target: Path, size: Size, job: str) -> None:
        self.path: Path
        self._target, self._size, self._job = target, size, job
        self._frames = 0
        self._arrays: dict[str, Any] = {}

    def __enter__(self) -> Self:
        try:
            self.path = work_folder(self._target, "estimates", self._job, self._fill)
            sweep(self.path)
            self._arrays = {name: open_array(self.path, name, mode="r+") for name in STEPS}
            while self._is_stored(self._frames):
                self._frames += 1
        except OSError as error:
            raise self._unwritable(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or self._frames == 0:
            shutil.rmtree(self.path, ignore_errors=True)

    @property
    def frame_range(self) -> range:
        """The frames that are stored."""
        return range(self._frames)

    def identity(self) -> Any:
        """A value that differs between different estimates, for `fingerprint`."""
        return self._job

    def append(
        self, disparity: Float[Tensor, "1 height width"], log_exposure: Float[Tensor, "3 height width"]
    ) -> None:
        """Store `D` and `E` of the next frame.

        Args:
            disparity: in pixels of the map.
            log_exposure: `>= 0`.

        Raises:
            InputError: a value is not finite, or the disk is full or cannot be written for another reason.
        """
        for name, values in ((DISPARITY, disparity), (LOG_EXPOSURE, log_exposure)):
            try:
                codes = packed(values, STEPS[name])
            except ValueError as error:
                raise InputError(
                    f"The network gives no numbers for frame {self._frames}; try another checkpoint."
                ) from error
            try:
                self._arrays[name][self._frames] = codes
                settle(chunk_file(self.path, name, self._frames))
            except OSError as error:
                raise self._unwritable(error) from error
        self._frames += 1

    def added(self, estimates: Estimates, last: int | None, *, needed: int | None) -> Iterator[int]:
        """Store the frames that are not stored yet; yields the number of stored frames after each.

        Args:
            estimates: estimates the frames of the video.
            last: the frame after the last one; `None`: the end.
            needed: see `Estimates.frames`.

        Raises:
            InputError: a frame that is needed cannot be read, or nothing can be written.
        """
        if last is not None and self._frames >= last:
            return
        for estimate in prefetch(estimates.frames(self._frames, last, needed)):
            self.append(estimate.disparity, estimate.log_exposure)
            yield self._frames

    def disparity(self, frame: int) -> Float[Tensor, "1 height width"]:
        """`D` of a frame, in pixels of the map.

        Raises:
            InputError: it was damaged on disk.
        """
        return self._read(DISPARITY, frame)

    def log_exposure(self, frame: int) -> Float[Tensor, "3 height width"]:
        """`E >= 0` of a frame.

        Raises:
            InputError: it was damaged on disk.
        """
        return self._read(LOG_EXPOSURE, frame)

    def _read(self, name: str, frame: int) -> Tensor:
        try:
            return unpacked(self._arrays[name][frame], STEPS[name])
        except (ValueError, RuntimeError, OSError) as error:
            raise InputError(
                f"{self.path} is damaged; remove it, then run the same command again."
            ) from error

    def _is_stored(self, frame: int) -> bool:
        """Whether both maps of a frame are there and undamaged."""
        # Zarr reads a missing chunk as fill values, without an error.
        if not all(chunk_file(self.path, name, frame).is_file() for name in STEPS):
            return False
        try:
            for name in STEPS:
                self._read(name, frame)
        except InputError:
            return False
        return True

    def _fill(self, folder: Path) -> None:
        width, height = self._size
        zarr.create_group(str(folder), zarr_format=3)
        for name, channels in ((DISPARITY, 1), (LOG_EXPOSURE, 3)):
            zarr.create_array(
                str(folder / name),
                shape=(UNBOUNDED, channels, height, width),
                chunks=(1, channels, height, width),
                dtype="uint16",
                # Zarr does not write chunks that equal the fill value; no frame consists of this one.
                fill_value=2**16 - 1,
                compressors=[
                    BloscCodec(cname="zstd", clevel=3, shuffle="bitshuffle", typesize=2),
                    Crc32cCodec(),
                ],
                chunk_key_encoding={"name": "default", "separator": "."},
            )

    def _unwritable(self, error: OSError) -> InputError:
        reason = error.strerror or str(error)
        return InputError(
            f"The estimates beside {self._target} cannot be written after {self._frames} frames ({reason}); "
            "free some space or change the permissions, then run the same command again to go on."
        )
