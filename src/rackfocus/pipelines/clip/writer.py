"""Writes a refocusable clip; writing can be interrupted at any moment and resumed, with the same bytes.

A frame counts as written when its line is in the journal, which is written last; all other files get their
final names when they are complete. After the last frame the content of the journal is moved to `clip.json`.
"""

import glob
import logging
import os
import shutil
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import zarr
from jaxtyping import Float
from torch import Tensor

from rackfocus.one_writer import one_writer
from rackfocus.pipelines.clip.arrays import (
    CHANNELS,
    DESCRIPTION_FILE,
    DISPARITY,
    LOG_EXPOSURE,
    LOG_EXPOSURE_RANGE,
    chunk_file,
    description,
    disparity_limits_px,
    lies_within,
    open_array,
)
from rackfocus.pipelines.clip.info import (
    DEVICE,
    INFO_FILE,
    ClipHead,
    ClipInfo,
    head_text,
    info_text,
    read_info,
)
from rackfocus.pipelines.clip.journal import JOURNAL_FILE, Journal, Line
from rackfocus.pipelines.clip.refocusable_clip import SUFFIX
from rackfocus.pipelines.clip.source import digest
from rackfocus.types import InputError
from rackfocus.whole_files import DRAFT_SUFFIX, whole_folder, write_whole
from rackfocus.work_folder import PART

_log = logging.getLogger(__name__)

UNBOUNDED = 2**31 - 1
"""Length of the arrays of an unfinished clip: the number of frames of a video is not always known."""


class ClipWriter:
    """A clip that is written frame by frame. A context manager.

    An unfinished clip is resumed, at the first frame that is not whole, if it was begun on the same device;
    otherwise it starts anew.

    Args:
        path: folder of the clip; its name ends in `.rvr`.
        head: the source and the settings of the clip.

    Attributes:
        path: folder of the clip.
        head: the source and the settings of the clip; of one that is resumed, with its software and revision.

    Raises:
        InputError: the folder cannot be written, is being written by another run, is not a clip, or is a clip
            made with other settings.
    """

    def __init__(self, path: Path, head: ClipHead) -> None:
        self.path = path
        self.head = head
        self._arrays: dict[str, Any] = {}
        self._journal: Journal | None = None
        self._whole: ClipInfo | None = None
        self._lock = ExitStack()
        check_target(path)

    @classmethod
    def of_part(cls, path: Path, head: ClipHead, begin: int, end: int | None) -> Self:
        """The writer of a part of a clip, in a hidden folder beside it, which the writer of the clip takes.

        Args:
            path: folder of the whole clip.
            head: of the whole clip.
            begin: the first frame of the part, counted from that of the clip.
            end: the frame after its last one; `None`: that of the clip.

        Raises:
            InputError: the part has no frames, or as `ClipWriter`.
        """
        check_target(path)
        first, last = head.first + begin, head.last if end is None else head.first + end
        if begin < 0 or (last is not None and last <= first):
            raise InputError(f"part={begin}:{'' if end is None else end} holds no frames; write first:last.")
        folder = _part_folder(path, begin)
        head = replace(head, first=first, last=last)
        try:
            is_other = head.difference_from(read_info(folder / INFO_FILE)) is not None
        except InputError:
            is_other = True
        if is_other:
            shutil.rmtree(folder, ignore_errors=True)
        return cls(folder, head)

    @property
    def frames(self) -> int:
        """The number of frames written."""
        if self._whole is not None:
            return self._whole.frames
        return 0 if self._journal is None else len(self._journal.lines)

    @property
    def is_finished(self) -> bool:
        """Whether the clip is finished."""
        return self._whole is not None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(one_writer(self.path))
            self._begin()
            self._lock = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            if self._journal is not None:
                self._journal.close()
            if self.frames == 0:
                shutil.rmtree(self.path, ignore_errors=True)

    def write(
        self,
        disparity: Float[Tensor, "1 height width"],
        log_exposure: Float[Tensor, "3 height width"],
        *,
        pts: int,
        duration: int,
        is_cut: bool,
    ) -> None:
        """Append a frame.

        Args:
            disparity: in pixels of the video, within `disparity_limits_px`.
            log_exposure: within `LOG_EXPOSURE_RANGE`.
            pts: its presentation time, in units of the video's time base.
            duration: in the same units.
            is_cut: whether a new shot begins with it.

        Raises:
            InputError: a value lies outside, or the disk is full or cannot be written for another reason.
        """
        assert self._journal is not None
        halves = {DISPARITY: _half(disparity), LOG_EXPOSURE: _half(log_exposure)}
        limits = disparity_limits_px(self.head.video.width, self.head.video.height), LOG_EXPOSURE_RANGE
        if not all(map(lies_within, halves.values(), limits)):
            at = self.head.first + self.frames
            raise InputError(
                f"The network gives no numbers for frame {at} that can be rendered; try another checkpoint."
            )
        sums = []
        try:
            for name, values in halves.items():
                self._arrays[name][self.frames] = values
                chunk = chunk_file(self.path, name, self.frames)
                settle(chunk)
                sums.append(digest(chunk))
            depth = halves[DISPARITY]
            least_px, largest_px = float(depth.min()), float(depth.max())
            self._journal.append(Line(pts, duration, is_cut, least_px, largest_px, tuple(sums)))
        except OSError as error:
            raise self._unwritable(error) from error

    def finish(self) -> None:
        """Finish the clip with the frames written so far.

        Raises:
            InputError: the disk is full, or cannot be written for another reason.
        """
        assert self._journal is not None
        lines = self._journal.lines
        info = ClipInfo(
            **vars(self.head),
            pts=tuple(line.pts for line in lines),
            durations=tuple(line.duration for line in lines),
            cuts=tuple(self.head.first + at for at, line in enumerate(lines) if line.is_cut),
            disparity_range_px=(min(line.least_px for line in lines), max(line.largest_px for line in lines)),
            chunk_sha256=dict(zip(CHANNELS, zip(*(line.sha256 for line in lines), strict=True), strict=True)),
        )
        try:
            self._describe_arrays(self.frames)
            write_whole(self.path / INFO_FILE, info_text(info).encode(), synced=True)
            self._journal.remove()
        except OSError as error:
            raise self._unwritable(error) from error
        self._whole = info

    def _begin(self) -> None:
        """Find out what is written, and make everything ready for the rest."""
        try:
            found = self._found()
            if not isinstance(found, ClipInfo) and self.head.difference_from(found) == DEVICE:
                _log.warning("%s was begun on another device; it starts anew.", self.path)
                shutil.rmtree(self.path)
                found = self._found()
            self._go_on_with(found)
            sweep(self.path)
            if isinstance(found, ClipInfo):
                (self.path / JOURNAL_FILE).unlink(missing_ok=True)
                self._whole = found
                return
            # An earlier run may have been interrupted in `finish`, after it shortened the arrays.
            self._describe_arrays(UNBOUNDED)
            self._arrays = {name: open_array(self.path, name, mode="r+") for name in CHANNELS}
            self._journal = Journal(self.path / JOURNAL_FILE, self._checked)
            self._take_parts()
            if self.head.last is not None and self.frames > self.head.last - self.head.first:
                self._journal.close()
                raise InputError(f"{self.path} already has {self.frames} frames; ask for more, or remove it.")
            write_whole(self.path / INFO_FILE, head_text(self.head).encode(), synced=True)
        except OSError as error:
            raise self._unwritable(error) from error

    def _found(self) -> ClipHead:
        """The metadata of the clip in the folder, which is made if it is not there."""
        if not self.path.exists():
            with whole_folder(self.path) as draft:
                _fill_folder(draft, self.head)
        return read_info(self.path / INFO_FILE)

    def _go_on_with(self, found: ClipHead) -> None:
        """Resume a clip with its recorded metadata; `last` may change until it is finished.

        A finished clip may have been made on another device.
        """
        difference = self.head.difference_from(found)
        if difference == DEVICE:
            difference = None
        if difference is None and isinstance(found, ClipInfo) and found.last != self.head.last:
            difference = "range of frames"
        if difference is not None:
            raise InputError(
                f"{self.path} was made with another {difference}; give that again, or remove the clip."
            )
        self.head = replace(self.head, software=found.software, revision=found.revision)

    def _checked(self, position: int, line: Line) -> Line | None:
        """The journal's line of a frame with the sums of its chunks; `None` if a chunk is not what it was.

        Where the journal has no sums yet, the range of the disparity is compared.
        """
        try:
            sums = tuple(digest(chunk_file(self.path, name, position)) for name in CHANNELS)
            if line.sha256:
                return line if line.sha256 == sums else None
            depth, light = (self._arrays[name][position] for name in CHANNELS)
        except (OSError, ValueError, RuntimeError):
            return None
        if (depth.min(), depth.max()) != (line.least_px, line.largest_px):
            return None
        return replace(line, sha256=sums) if lies_within(light, LOG_EXPOSURE_RANGE) else None

    def _take_parts(self) -> None:
        """Append the frames of parts that go on where the clip ends; the folders of all parts are removed."""
        assert self._journal is not None
        for folder in _part_folders(self.path):
            begin = self.frames
            if folder == _part_folder(self.path, begin):
                with suppress(InputError):  # A part that is damaged is made again.
                    part = ClipWriter.of_part(self.path, self.head, begin, None)
                    with part:
                        self._take(part)
            shutil.rmtree(folder, ignore_errors=True)

    def _take(self, part: "ClipWriter") -> None:
        """Move the frames of a part to the end of the clip."""
        assert self._journal is not None
        assert part._journal is not None
        for position, line in enumerate(part._journal.lines):
            for name in CHANNELS:
                chunk = chunk_file(self.path, name, self.frames)
                chunk_file(part.path, name, position).replace(chunk)
                settle(chunk)
            self._journal.append(line)

    def _describe_arrays(self, frames: int) -> None:
        """Write what Zarr has to know of the arrays, unless it is there."""
        for name in CHANNELS:
            file = self.path / name / DESCRIPTION_FILE
            file.parent.mkdir(exist_ok=True)
            content = description(name, frames, self.head.video.width, self.head.video.height)
            if not file.is_file() or file.read_bytes() != content:
                write_whole(file, content, synced=True)

    def _unwritable(self, error: OSError) -> InputError:
        reason = error.strerror or str(error)
        return InputError(
            f"{self.path} cannot be written after {self.frames} frames ({reason}); free some space or change "
            "its permissions, then run the same command again to go on."
        )


def check_target(path: Path) -> None:
    """Raise InputError if a clip cannot be written to this path."""
    if path.suffix.lower() != SUFFIX:
        raise InputError(f"{path} is no name for a clip; end it in {SUFFIX}.")
    parent = path.absolute().parent
    if not parent.is_dir():
        raise InputError(f"The folder {parent} of {path.name} does not exist; make it first.")
    if path.exists() and not (path / INFO_FILE).is_file():
        raise InputError(f"{path} is there already and is no clip; choose another name.")


def _part_folder(path: Path, begin: int) -> Path:
    """The hidden folder of the part of a clip that begins with this frame of it."""
    return path.with_name(f".{path.stem}-{PART}{begin:09d}{SUFFIX}")


def _part_folders(path: Path) -> list[Path]:
    """Those of all parts of a clip, in order."""
    return sorted(path.parent.glob(f".{glob.escape(path.stem)}-{PART}{'[0-9]' * 9}{SUFFIX}"))


def _fill_folder(draft: Path, head: ClipHead) -> None:
    zarr.create_group(str(draft), zarr_format=3)
    (draft / JOURNAL_FILE).touch()
    write_whole(draft / INFO_FILE, head_text(head).encode(), synced=True)


def _half(values: Tensor) -> np.ndarray:
    return values.detach().cpu().numpy().astype(np.float16)


def settle(path: Path) -> None:
    """Flush a file and its name to disk, so that they survive a power failure."""
    for each in (path, path.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sweep(path: Path) -> None:
    """Remove the incomplete files of a writer that was killed."""
    for folder in (path, *(path / name for name in CHANNELS)):
        for partial in folder.glob(f"*{DRAFT_SUFFIX}"):
            partial.unlink()
