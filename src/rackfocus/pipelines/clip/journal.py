"""The journal of an unfinished clip: one line per frame, written after the frame's maps are on disk."""

import contextlib
import errno
import json
import logging
import os
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path

from rackfocus.reading.json_text import parse_json

JOURNAL_FILE = "frames.jsonl"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Line:
    """A journal entry: a frame's time, whether it begins a shot, and the range of its disparity.

    Attributes:
        sha256: of each of the frame's chunks, in the order of `CHANNELS`; empty in journals from before they
            were recorded.
    """

    pts: int
    duration: int
    is_cut: bool
    least_px: float
    largest_px: float
    sha256: tuple[str, ...] = ()


class Journal:
    """The lines of the frames written so far.

    An existing file is read up to the first frame that is not whole, and shortened to there: its line is
    incomplete, its time is not later than that of the frame before, or its chunks are not what they were.

    Args:
        path: of the file; it is created if missing.
        checked: gives the line of the frame at a position with its chunks checked, `None` if they are not
            whole.

    Attributes:
        lines: one per frame.
    """

    def __init__(self, path: Path, checked: Callable[[int, Line], Line | None]) -> None:
        path.touch()
        self.lines: list[Line] = []
        content, end = path.read_bytes(), 0
        for text in content.splitlines(keepends=True):
            line = _parsed(text)
            if line is None or (self.lines and line.pts <= self.lines[-1].pts):
                break
            if (line := checked(len(self.lines), line)) is None:
                break
            self.lines.append(line)
            end += len(text)
        if b"\n" in content[end:]:
            _log.warning("%s goes on at frame %d of the clip: it is not whole", path.parent, len(self.lines))
        os.truncate(path, end)
        self._path = path
        self._file = path.open("ab", buffering=0)

    def append(self, line: Line) -> None:
        """Append a line, completely or not at all. Raises OSError if it cannot be written."""
        text = json.dumps(astuple(line)).encode() + b"\n"
        end = self._file.tell()
        try:
            # If the disk is almost full, only a part may be written.
            if self._file.write(text) != len(text):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                self._file.truncate(end)
            raise
        self.lines.append(line)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def remove(self) -> None:
        """Close and delete the file."""
        self.close()
        self._path.unlink()


def _parsed(text: bytes) -> Line | None:
    """A line of the file; `None` if it is incomplete or damaged."""
    if not text.endswith(b"\n"):
        return None
    try:
        pts, duration, is_cut, least_px, largest_px, *sums = parse_json(text.decode())
        return Line(int(pts), int(duration), bool(is_cut), float(least_px), float(largest_px), tuple(*sums))
    except (ValueError, TypeError, OverflowError):
        return None
