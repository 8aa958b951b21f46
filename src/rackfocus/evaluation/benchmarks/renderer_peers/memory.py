"""Peak memory of a process on Linux."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from rackfocus.types import InputError

_RESET_PEAK = "5"
"""Written into `clear_refs`, it resets the high-water mark to the current resident memory."""


@dataclass
class ProcessMemory:
    """The largest growth of a process's resident memory."""

    pid: int
    _before: int = field(default=0, init=False)

    def start(self) -> None:
        """Set the current resident memory as the base."""
        Path(f"/proc/{self.pid}/clear_refs").write_text(_RESET_PEAK)
        self._before = _status(self.pid, "VmRSS")

    def peak_bytes(self) -> int:
        """The peak since `start` minus the base."""
        return max(0, _status(self.pid, "VmHWM") - self._before)


def require_process_memory() -> None:
    """Check that memory can be measured.

    Raises:
        InputError: this is not Linux with a writable `/proc`.
    """
    if not os.access("/proc/self/clear_refs", os.W_OK):
        raise InputError("The benchmark reads peak memory from /proc, so it runs on Linux only.")


def tree_bytes(pid: int) -> int:
    """Resident memory of a process and its descendants; 0 after it has ended."""
    try:
        total = _status(pid, "VmRSS")
        children = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except (OSError, LookupError):
        return 0
    return total + sum(tree_bytes(child) for child in children)


def _status(pid: int, field_name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field_name:
            return int(value.split()[0]) * 1024
    raise LookupError(f"/proc/{pid}/status has no {field_name}")
