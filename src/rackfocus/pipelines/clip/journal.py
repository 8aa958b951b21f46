"""The journal of an unfinished clip: one line per frame, written after the frame's maps are on disk."""

import contextlib
import errno
import json
import os
from dataclasses import dataclass
from pathlib import Path

from rackfocus.types import InputError

JOURNAL_FILE = "frames.jsonl"


@dataclass(frozen=True)
class Line:
    """A journal entry: time and duration of a frame, whether it begins a shot, the range of its disparity."""

    pts: int
    duration: int
    is_cut: bool
    least_px: float
    largest_px: float


class Journal:
    """The lines of the frames written so far. An existing file is read; an incomplete last line is removed.

    Args:
        path: of the file; it is created if missing.

    Attributes:
        lines: one per frame.

    Raises:
        InputError: the file is not a journal.
    """

    def __init__(self, path: Path) -> None:
        path.touch()
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            os.truncate(path, len(whole))
        try:
            self.lines = [Line(*json.loads(line)) for line in whole.splitlines()]
        except (ValueError, TypeError) as error:
            raise InputError(f"{path} is damaged; remove {path.parent} and make the clip again.") from error
        self._path = path
        self._file = path.open("ab", buffering=0)

    def append(self, line: Line) -> None:
        """Append a line, completely or not at all. Raises OSError if it cannot be written."""
        text = json.dumps(list(vars(line).values())).encode() + b"\n"
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
