"""Writes a refocusable clip; writing can be interrupted at any moment and resumed, with the same bytes.

A frame counts as written when its line is in the journal, which is written last; all other files get their
final names when they are complete. After the last frame the content of the journal is moved to `clip.json`.
"""

import json
import logging
import os
import shutil
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import zarr
from jaxtyping import Float
from torch import Tensor
from zarr.codecs import BloscCodec, Crc32cCodec

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
from rackfocus.pipelines.clip.refocusable_clip import DISPARITY, LOG_EXPOSURE, SUFFIX, chunk_file, open_array
from rackfocus.types import InputError
from rackfocus.whole_files import DRAFT_SUFFIX, whole_folder, write_whole

_log = logging.getLogger(__name__)

UNBOUNDED = 2**31 - 1
"""Length of the arrays of an unfinished clip: the number of frames of a video is not always known."""


class ClipWriter:
    """A clip that is written frame by frame. A context manager.

    An unfinished clip is resumed if it was begun on the same device; otherwise it starts anew.

    Args:
        path: folder of the clip; its name ends in `.rvr`.
        head: the source and the settings of the clip.

    Raises:
        InputError: the folder cannot be written, is not a clip, or is a clip made with other settings.
    """

    def __init__(self, path: Path, head: ClipHead) -> None:
        self.path = path
        self._head = head
        self._arrays: dict[str, Any] = {}
        self._journal: Journal | None = None
        self._whole: ClipInfo | None = None
        check_target(path)

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
        try:
            found = self._found()
            if not isinstance(found, ClipInfo) and self._head.difference_from(found) == DEVICE:
                _log.warning("%s was begun on another device; it starts anew.", self.path)
                shutil.rmtree(self.path)
                found = self._found()
            self._go_on_with(found)
            sweep(self.path)
            if isinstance(found, ClipInfo):
                (self.path / JOURNAL_FILE).unlink(missing_ok=True)
                self._whole = found
                return self
            self._journal = Journal(self.path / JOURNAL_FILE)
            if self._head.last is not None and self.frames > self._head.last - self._head.first:
                self._journal.close()
                raise InputError(f"{self.path} already has {self.frames} frames; ask for more, or remove it.")
            write_whole(self.path / INFO_FILE, head_text(self._head).encode(), synced=True)
            # An earlier run may have been interrupted in `finish`, after it shortened the arrays.
            self._set_length(UNBOUNDED)
            self._arrays = {
                name: open_array(self.path, name, mode="r+") for name in (DISPARITY, LOG_EXPOSURE)
            }
        except OSError as error:
            raise self._unwritable(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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
            disparity: in pixels of the video.
            log_exposure: `>= 0`.
            pts: its presentation time, in units of the video's time base.
            duration: in the same units.
            is_cut: whether a new shot begins with it.

        Raises:
            InputError: the disk is full, or cannot be written for another reason.
        """
        assert self._journal is not None
        halves = {DISPARITY: _half(disparity), LOG_EXPOSURE: _half(log_exposure)}
        if not all(np.isfinite(values).all() for values in halves.values()):
            at = self._head.first + self.frames
            raise InputError(f"The network gives no numbers for frame {at}; try another checkpoint.")
        depth = halves[DISPARITY]
        line = Line(pts, duration, is_cut, float(depth.min()), float(depth.max()))
        try:
            for name, values in halves.items():
                self._arrays[name][self.frames] = values
                settle(chunk_file(self.path, name, self.frames))
            self._journal.append(line)
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
            **vars(self._head),
            pts=tuple(line.pts for line in lines),
            durations=tuple(line.duration for line in lines),
            cuts=tuple(self._head.first + at for at, line in enumerate(lines) if line.is_cut),
            disparity_range_px=(min(line.least_px for line in lines), max(line.largest_px for line in lines)),
        )
        try:
            self._set_length(self.frames)
            write_whole(self.path / INFO_FILE, info_text(info).encode(), synced=True)
            self._journal.remove()
        except OSError as error:
            raise self._unwritable(error) from error
        self._whole = info

    def _found(self) -> ClipHead:
        """The metadata of the clip in the folder, which is made if it is not there."""
        if not self.path.exists():
            with whole_folder(self.path) as draft:
                _fill_folder(draft, self._head)
        return read_info(self.path / INFO_FILE)

    def _go_on_with(self, found: ClipHead) -> None:
        """Resume a clip with its recorded metadata; `last` may change until it is finished.

        A finished clip may have been made on another device.
        """
        difference = self._head.difference_from(found)
        if difference == DEVICE:
            difference = None
        if difference is None and isinstance(found, ClipInfo) and found.last != self._head.last:
            difference = "range of frames"
        if difference is not None:
            raise InputError(
                f"{self.path} was made with another {difference}; give that again, or remove the clip."
            )
        self._head = replace(self._head, software=found.software, revision=found.revision)

    def _set_length(self, frames: int) -> None:
        for name in (DISPARITY, LOG_EXPOSURE):
            description = self.path / name / "zarr.json"
            content = json.loads(description.read_text(encoding="utf-8"))
            if content["shape"][0] != frames:
                content["shape"][0] = frames
                write_whole(description, json.dumps(content, indent=2).encode(), synced=True)

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


def _fill_folder(draft: Path, head: ClipHead) -> None:
    group = zarr.create_group(str(draft), zarr_format=3)
    height, width = head.video.height, head.video.width
    for name, channels in ((DISPARITY, 1), (LOG_EXPOSURE, 3)):
        group.create_array(
            name,
            shape=(UNBOUNDED, channels, height, width),
            chunks=(1, channels, height, width),
            dtype="float16",
            # NaN, not 0: Zarr does not write chunks of fill values, and a lost frame must not read as 0.
            fill_value=np.nan,
            # The smallest of the fast compressors: a frame of 1920x1080 takes 1.4 MB and 0.15 s of one core.
            compressors=[
                BloscCodec(cname="zstd", clevel=3, shuffle="bitshuffle", typesize=2),
                Crc32cCodec(),
            ],
            # All chunks in one folder, instead of nested folders for every frame.
            chunk_key_encoding={"name": "default", "separator": "."},
            dimension_names=["frame", "channel", "height", "width"],
        )
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
    for folder in (path, path / DISPARITY, path / LOG_EXPOSURE):
        for partial in folder.glob(f"*{DRAFT_SUFFIX}"):
            partial.unlink()
