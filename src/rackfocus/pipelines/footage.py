"""What autofocus sees of a video: small pictures, where shots begin, and a small map of disparity."""

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
from jaxtyping import Float, Float32, UInt8

from rackfocus.pipelines.estimates import StoredMaps, VideoEstimates
from rackfocus.pipelines.frame_estimator import reduced, reduced_size
from rackfocus.scenes.files import read_disparity
from rackfocus.types import InputError
from rackfocus.video import VideoReader
from rackfocus.video.shot_cuts import begins_shot

MAP_LONGER_SIDE = 240
"""The longer side of the disparity that autofocus reads: a face is some cells, an hour some gigabytes."""

Map = Float[np.ndarray, "rows columns"]
Disparity = Callable[[int], Map]
"""The disparity of a frame, by its index, in pixels of the source video; of any size, covering the frame."""


@dataclass(frozen=True, eq=False)
class FootageFrame:
    """A frame of the footage.

    Attributes:
        index: of the frame in the video.
        time_s: from the first frame.
        image: encoded RGB in 0..255, of the working size.
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
    """A video, reduced for autofocus. It may be gone through more than once.

    Attributes:
        reader: of the video.
        disparity: of its frames: known by their index, or estimated on the way.
        longer_side_px: of the pictures; smaller videos stay as they are.
        last: the frame after the last one; none means the end.
    """

    reader: VideoReader
    disparity: Disparity | VideoEstimates
    longer_side_px: int = 640
    last: int | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures."""
        return reduced_size(self.reader.info.width, self.reader.info.height, self.longer_side_px)

    @property
    def scale_to_source(self) -> float:
        """Width of the source over that of the pictures."""
        return self.reader.info.width / self.size[0]

    @property
    def frame_count(self) -> int | None:
        """How many frames there are, where the container says."""
        count = self.reader.info.frames
        return count if count is None or self.last is None else min(count, self.last)

    @cached_property
    def origin_s(self) -> float:
        """When the first frame is shown, on the video's clock."""
        return next((frame.time_s for frame in self.reader.frames(0, 1)), 0.0)

    def frames(self, known: "FrameDisparityStore | None" = None) -> Iterator[FootageFrame]:
        """All frames, in order.

        Args:
            known: what an earlier pass kept of the frames, which then is not worked out again.
        """
        if known is None:
            for shown, disparity in zip(self.pictures(), self._disparities(), strict=False):
                yield replace(shown, disparity=small_map(disparity))
            return
        for frame in self.reader.frames(0, self.last):
            image, index = reduced(frame, self.size), frame.index
            yield FootageFrame(
                index, frame.time_s - self.origin_s, image, known.is_cut[index], known.disparity(index)
            )

    def pictures(self) -> Iterator[FootageFrame]:
        """All frames, in order, without their disparity: it is 0."""
        before, flat = None, np.zeros((1, 1), np.float32)
        for frame in self.reader.frames(0, self.last):
            image = reduced(frame, self.size)
            is_cut = before is not None and begins_shot(before, image)
            yield FootageFrame(frame.index, frame.time_s - self.origin_s, image, is_cut, flat)
            before = image

    def _disparities(self) -> Iterator[Map]:
        """The disparity of one frame after another."""
        if not isinstance(self.disparity, VideoEstimates):
            yield from map(self.disparity, itertools.count())
            return
        for estimate in self.disparity.frames(0, self.last, None):
            scale_to_source = self.reader.info.width / estimate.disparity.shape[-1]
            yield estimate.disparity[0].float().numpy() * scale_to_source


@dataclass
class FrameDisparityStore:
    """What was worked out of frames, kept out of memory: their small maps, in half precision.

    Attributes:
        is_cut: whether a shot begins with a frame.
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
        """Keep the next frame."""
        self._shape = shown.disparity.shape[0], shown.disparity.shape[1]
        self._file.seek(0, 2)
        self._file.write(shown.disparity.astype(np.float16).tobytes())
        self.is_cut.append(shown.is_cut)

    def disparity(self, index: int) -> Float32[np.ndarray, "rows columns"]:
        """The map of a frame."""
        bytes_each = 2 * self._shape[0] * self._shape[1]
        self._file.seek(index * bytes_each)
        values = np.frombuffer(self._file.read(bytes_each), np.float16)
        return values.reshape(self._shape).astype(np.float32)


def stored_disparity(maps: StoredMaps, width: int) -> Disparity:
    """What was estimated before; frames beyond those that are stored have that of the nearest one.

    Args:
        maps: of the video.
        width: of the video, in whose pixels disparity is given.
    """

    def read(index: int) -> Map:
        held = maps.frame_range
        disparity = maps.disparity(min(max(index, held.start), held.stop - 1))[0].numpy()
        return disparity * (width / disparity.shape[-1])

    return read


def disparity_in(folder: str | Path) -> Disparity:
    """A folder with a file for each frame, in the order of names: `.npy`, or `.png` as ray-traced clips have.

    Raises:
        InputError: it holds none; on reading, there is none for a frame or it is damaged.
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
        try:
            values = np.load(path, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise InputError(f"{path} cannot be read as an array; make it again.") from error
        return np.asarray(values, np.float32).reshape(values.shape[-2:])

    return read


def disparity_by_frame(given: Disparity | Float[np.ndarray, "frame rows columns"] | str | Path) -> Disparity:
    """Disparity that is known, as a function of the frame's index.

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
    """A map of `MAP_LONGER_SIDE` at most, of values of the map: a mean across an edge is nobody's."""
    rows, columns = disparity.shape
    reduction = min(1.0, MAP_LONGER_SIDE / max(rows, columns))
    size = max(1, round(columns * reduction)), max(1, round(rows * reduction))
    plain = np.nan_to_num(np.asarray(disparity, np.float32))
    return cv2.resize(plain, size, interpolation=cv2.INTER_NEAREST) if reduction < 1 else plain
