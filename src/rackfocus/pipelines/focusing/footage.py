"""The input of autofocus: a video's reduced frames, its cuts, and a small disparity map of each frame."""

import itertools
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8

from rackfocus.device import CPU, download
from rackfocus.pipelines.clip.arrays import DISPARITY
from rackfocus.pipelines.estimates import StoredMaps, VideoEstimates
from rackfocus.pipelines.frame_estimator import reduced, reduced_size
from rackfocus.pipelines.kept_estimates import STEPS
from rackfocus.pipelines.packed_maps import rounded
from rackfocus.reading.arrays import read_npy
from rackfocus.reading.damage import reading
from rackfocus.scenes.files import read_disparity
from rackfocus.types import InputError
from rackfocus.video import Frame, VideoReader
from rackfocus.video.decoding.reduction import CodeReduction
from rackfocus.video.shot_cuts import begins_shot

MAP_LONGER_SIDE = 240
"""Longer side of the disparity maps for autofocus: a face covers some cells; an hour takes some gigabytes."""

Map = Float[np.ndarray, "rows columns"]
UNESTIMATED = np.zeros((1, 1), np.float32)
"""The disparity of frames whose disparity was not estimated."""
Disparity = Callable[[int], Map]
"""Gives the disparity of a frame by its index, in pixels of the source video; a map of any size that covers
the frame."""


@dataclass(frozen=True, eq=False)
class FootageFrame:
    """A frame of the footage.

    Attributes:
        index: of the frame in the video.
        time_s: since the first frame.
        image: encoded RGB in 0..255, reduced.
        is_cut: whether a new shot begins with it.
        disparity: in pixels of the source video.
    """

    index: int
    time_s: float
    image: UInt8[np.ndarray, "height width 3"]
    is_cut: bool
    disparity: Float32[np.ndarray, "rows columns"]


@dataclass(frozen=True)
class Footage:
    """A video, reduced for autofocus. It may be read more than once.

    Attributes:
        reader: reads the video.
        disparity: of its frames: known by their index, or estimated while the video is read.
        longer_side_px: of the reduced frames; smaller videos keep their size.
        last: the frame after the last one; `None`: the end.
        device: on which networks look at it.
    """

    reader: VideoReader
    disparity: Disparity | VideoEstimates
    longer_side_px: int = 640
    last: int | None = None
    device: torch.device = CPU

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the reduced frames."""
        return reduced_size(self.reader.info.width, self.reader.info.height, self.longer_side_px)

    @property
    def scale_to_source(self) -> float:
        """Width of the source divided by that of the reduced frames."""
        return self.reader.info.width / self.size[0]

    @property
    def frame_count(self) -> int | None:
        """The number of frames; `None` if the container does not state it."""
        count = self.reader.info.frames
        return count if count is None or self.last is None else min(count, self.last)

    @cached_property
    def origin_s(self) -> float:
        """When the first frame is shown, on the video's clock."""
        return self.reader.origin_s

    def _read(self) -> Iterator[Frame]:
        return self.reader.frames(0, self.last, reduction=CodeReduction(self.size))

    def frames(self, known: "FrameDisparityStore | None" = None) -> Iterator[FootageFrame]:
        """All frames, in order.

        Args:
            known: disparity and cuts stored by an earlier pass, which are not computed again.
        """
        if known is None:
            for shown, disparity in zip(self.pictures(), self._disparities(), strict=False):
                yield replace(shown, disparity=small_map(disparity))
            return
        for frame in self._read():
            image, index = reduced(frame, self.size), frame.index
            yield FootageFrame(
                index, frame.time_s - self.origin_s, image, known.is_cut[index], known.disparity(index)
            )

    def pictures(self) -> Iterator[FootageFrame]:
        """All frames, in order, with disparity 0: it is not estimated."""
        before = None
        for frame in self._read():
            image = reduced(frame, self.size)
            is_cut = before is not None and begins_shot(before, image)
            yield FootageFrame(frame.index, frame.time_s - self.origin_s, image, is_cut, UNESTIMATED)
            before = image

    def _disparities(self) -> Iterator[Map]:
        """The disparity of each frame, in order: estimates as `KeptEstimates` gives them to `refocus`."""
        if not isinstance(self.disparity, VideoEstimates):
            yield from map(self.disparity, itertools.count())
            return
        for estimate in self.disparity.frames(0, self.last, None):
            scale_to_source = self.reader.info.width / estimate.disparity.shape[-1]
            kept = rounded(download(estimate.disparity[0]), STEPS[DISPARITY])
            yield kept.numpy() * scale_to_source


@dataclass
class FrameDisparityStore:
    """The small disparity maps of a video's frames, in half precision in a temporary file, and its cuts.

    Attributes:
        is_cut: for each frame, whether a shot begins with it.
    """

    is_cut: list[bool] = field(default_factory=list)
    _file: Any = field(default_factory=tempfile.TemporaryFile)
    _shape: tuple[int, int] = (0, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def append(self, shown: FootageFrame) -> None:
        """Store the next frame."""
        self._shape = shown.disparity.shape[0], shown.disparity.shape[1]
        self._file.seek(0, 2)
        self._file.write(shown.disparity.astype(np.float16).tobytes())
        self.is_cut.append(shown.is_cut)

    def disparity(self, index: int) -> Float32[np.ndarray, "rows columns"]:
        """The disparity map of a frame."""
        bytes_each = 2 * self._shape[0] * self._shape[1]
        self._file.seek(index * bytes_each)
        values = np.frombuffer(self._file.read(bytes_each), np.float16)
        return values.reshape(self._shape).astype(np.float32)


def stored_disparity(maps: StoredMaps, width: int) -> Disparity:
    """Disparity from stored estimates; a frame outside their range has that of the nearest stored frame.

    Args:
        maps: the stored estimates.
        width: of the video; the disparity is given in its pixels.
    """

    def read(index: int) -> Map:
        held = maps.frame_range
        disparity = maps.disparity(min(max(index, held.start), held.stop - 1))[0].numpy()
        return disparity * (width / disparity.shape[-1])

    return read


def disparity_in(folder: str | Path) -> Disparity:
    """Disparity from a folder of files, one per frame, by name: `.npy`, or `.png` as in ray-traced clips.

    Raises:
        InputError: the folder holds no such file; on reading, the file of a frame is missing or damaged.
    """
    folder = Path(folder)
    files = sorted(path for path in folder.glob("*") if path.suffix in (".npy", ".png"))
    if not files:
        raise InputError(f"{folder} holds no .npy or .png of disparity; name the folder that does.")

    def read(index: int) -> Map:
        if index >= len(files):
            raise InputError(f"{folder} holds disparity for {len(files)} frames, and the video has more.")
        path = files[index]
        if path.suffix == ".png":
            return read_disparity(path)
        with reading(path, "cannot be read as an array; make it again."):
            values = read_npy(path)
            return values.astype(np.float32).reshape(values.shape[-2:])

    return read


def disparity_by_frame(given: Disparity | Float[np.ndarray, "frame rows columns"] | str | Path) -> Disparity:
    """Given disparity as a function of the frame's index.

    Raises:
        InputError: see `disparity_in`; on reading, an array ends before the video does.
    """
    if isinstance(given, str | Path):
        return disparity_in(given)
    if not isinstance(given, np.ndarray):
        return given
    array = given

    def read(index: int) -> Map:
        if index >= len(array):
            raise InputError(f"There is disparity for {len(array)} frames, and the video has more.")
        return np.asarray(array[index])

    return read


def small_map(disparity: Map) -> Float32[np.ndarray, "rows columns"]:
    """The map reduced to `MAP_LONGER_SIDE` at most, by sampling.

    Averaging across a depth edge would give disparities that no object has.
    """
    rows, columns = disparity.shape
    reduction = min(1.0, MAP_LONGER_SIDE / max(rows, columns))
    size = max(1, round(columns * reduction)), max(1, round(rows * reduction))
    plain = np.nan_to_num(np.asarray(disparity, np.float32))
    return cv2.resize(plain, size, interpolation=cv2.INTER_NEAREST) if reduction < 1 else plain
