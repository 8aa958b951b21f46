"""The journal of a clip that is being made: a line a frame, written when all else of the frame is on disk."""

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
    """What the journal says of a frame: its time, whether it begins a shot, the range of its disparity."""

    pts: int
    duration: int
    is_cut: bool
    least_px: float
    largest_px: float


class Journal:
    """The lines of the frames that are there; what was written before is read, a line cut short taken away.

    Args:
        path: of the file; made where it is missing.

    Attributes:
        lines: one a frame.

    Raises:
        InputError: it holds something else.
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
        """Write one more, whole or not at all. Raises OSError where that is not possible."""
        text = json.dumps(list(vars(line).values())).encode() + b"\n"
        end = self._file.tell()
        try:
            # A disk that is almost full takes a part.
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
        """Close the file and take it away."""
        self.close()
        self._path.unlink()
