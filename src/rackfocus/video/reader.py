"""The interface of video readers."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from jaxtyping import UInt8

from rackfocus.types import InputError
from rackfocus.video.decoding.coded import Coded
from rackfocus.video.decoding.reduction import Reduction
from rackfocus.video.source import Frame, Look, VideoInfo

FileStates = dict[Path, tuple[int, int] | None]
"""Size in bytes and time of the last change in nanoseconds of files; `None`: there is no such file."""


def file_states(files: Iterable[Path]) -> FileStates:
    """The states of files now."""
    states: FileStates = {}
    for file in files:
        try:
            found = file.stat()
            states[file] = found.st_size, found.st_mtime_ns
        except OSError:
            states[file] = None
    return states


class VideoReader(ABC):
    """A source of frames. Made by `open_video`; a context manager; may be read more than once.

    Attributes:
        path: of the source.
        info: properties known before reading.
        look: how its pictures are converted.
        reached_end: whether the last iteration over `frames` ran to the end of the source.
    """

    def __init__(self, path: Path, info: VideoInfo, look: Look, opened: FileStates) -> None:
        self.path = path
        self._opened, self._files = opened, tuple(opened)
        self.info = info
        self.reached_end = False
        self.look = look
        self._passes: list[_Pass] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the files of all unfinished iterations; waits for a frame that another thread is reading."""
        while self._passes:
            self._passes.pop().close()

    def check_unchanged(self, frame: int | None = None) -> None:
        """Check that the files are those that were opened, by their sizes and times.

        Args:
            frame: if each frame has a file of its own, only that of this one is looked at.

        Raises:
            InputError: one was changed, replaced or removed.
        """
        opened = self._opened
        if frame is not None and len(opened) > 1:
            file = self._files[frame]
            opened = {file: opened[file]}
        if file_states(opened) != opened:
            raise InputError(
                f"{self.path} was changed or replaced while it was read; run the same command again."
            )

    @property
    def origin_s(self) -> float:
        """When the first frame is shown, in seconds on the clock of the source; 0 if there is none."""
        with closing(self.coded()) as pictures:
            first = next(pictures, None)
        return 0.0 if first is None else float(first.pts * self.info.time_base)

    def frames(
        self, start: int = 0, stop: int | None = None, *, reduction: Reduction | None = None
    ) -> Iterator[Frame]:
        """Yield the frames from `start` up to, not including, `stop`; fewer where the source ends before.

        Frames before `start` are decoded and dropped, so that an index is exact; frames after `stop` are not
        decoded. Frames are reduced as soon as they are decoded, where a reduction is given and applies.

        Raises:
            InputError: the range is empty, the source is damaged at a frame that is needed, or it was changed
                since it was opened.
        """
        if start < 0 or (stop is not None and stop <= start):
            raise InputError(
                f"The frames {start}:{'' if stop is None else stop} are no range; write first:last."
            )
        one_pass = _Pass(self._pass(start, stop, reduction))
        self._passes.append(one_pass)
        return one_pass

    def _pass(
        self, start: int, stop: int | None, reduction: Reduction | None
    ) -> Generator[Frame, None, None]:
        self.reached_end = False
        with closing(self.coded()) as pictures:
            for index, coded in enumerate(pictures):
                if index >= start:
                    self.check_unchanged(index)
                    frame = self._frame(index, coded, reduction)
                    del coded  # A large picture must not wait for the next one.
                    yield frame
                if stop is not None and index + 1 >= stop:
                    return
        self.reached_end = True

    def _frame(self, index: int, coded: Coded, reduction: Reduction | None) -> Frame:
        look, picture = self.look, coded.picture
        width, height = look.displayed_size(picture)
        if (width, height) != (self.info.width, self.info.height):
            raise InputError(
                f"Frame {index} of {self.path} is {width} x {height} pixels, and those before are "
                f"{self.info.width} x {self.info.height}; frames of one size are needed, so use "
                f"frames=0:{index} for those before."
            )
        if reduction is not None and reduction.applies(picture, look):
            encoded = reduction.rgb(picture, look)
        else:
            encoded = look.rgb(picture)
        time_base, transfer = self.info.time_base, self.info.transfer
        return Frame(index, coded.pts, coded.duration, time_base, encoded, transfer)

    def thumbnails(self, width: int, height: int) -> Iterator[tuple[float, UInt8[np.ndarray, "_ _ 3"]]]:
        """Time in seconds and RGB codes of every frame, resized; as coded, not rotated to upright; fast.

        Raises:
            InputError: the source is damaged or cut short.
        """
        with closing(self.coded()) as pictures:
            for coded in pictures:
                small = coded.picture.reformat(width, height, format="rgb24", interpolation="AREA")
                yield float(coded.pts * self.info.time_base), small.to_ndarray()

    @abstractmethod
    def coded(self) -> Any:
        """A generator of `Coded` pictures in display order, from the first one."""


class _Pass(Iterator[Frame]):
    """One iteration over a source. A generator must not be closed while another thread is in it."""

    def __init__(self, frames: Generator[Frame, None, None]) -> None:
        self._frames = frames
        self._in_use = threading.Lock()

    def __next__(self) -> Frame:
        with self._in_use:
            return next(self._frames)

    def close(self) -> None:
        with self._in_use:
            self._frames.close()
