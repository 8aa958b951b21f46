"""Memory of the host: what is available, and how this process gives back what it freed.

glibc makes a heap for each thread. What is freed, such as a picture that went from stage to stage, stays in
the heap of the thread that allocated it, where other threads cannot use it. With one heap for all, which is
trimmed when a pass over a video ends, a job takes less.
"""

import ctypes
import sys
from pathlib import Path

_ARENA_MAX = -8
"""`M_ARENA_MAX` of glibc's malloc.h."""

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")
CGROUP_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
)
"""In versions 2 and 1: the limit, what is used, and the line of `memory.stat` of files in memory."""


def share_heap() -> None:
    """Let all threads that start after this share one heap. Does nothing where malloc is not glibc's."""
    if hasattr(libc := _libc(), "mallopt"):
        libc.mallopt(_ARENA_MAX, 1)


def give_back() -> None:
    """Return to the system what was freed: worth its milliseconds where much was, as at the end of a pass."""
    if hasattr(libc := _libc(), "malloc_trim"):
        libc.malloc_trim(0)


def available_bytes() -> int | None:
    """How much more memory this process can use, without swap; `None`: it is not known.

    It is the least of what the machine has and what the limits of its container leave.
    """
    try:
        free = 1024 * _fields(MEMINFO)["MemAvailable:"]
    except (OSError, LookupError):
        return None
    for limit, used, files in CGROUP_FILES:
        try:
            left = int((CGROUP / limit).read_text()) - int((CGROUP / used).read_text())
            # Files that the system keeps in memory give way.
            left += _fields((CGROUP / used).with_name("memory.stat"))[files]
        except (OSError, LookupError, ValueError):  # no container, or no limit: "max"
            continue
        free = min(free, max(left, 0))
    return free


def swap_bytes() -> int:
    """How much swap is free; 0 if it is not known."""
    try:
        return 1024 * _fields(MEMINFO)["SwapFree:"]
    except (OSError, LookupError):
        return 0


def _libc() -> object:
    return ctypes.CDLL(None) if sys.platform == "linux" else object()


def _fields(path: Path) -> dict[str, int]:
    """The number of each line, by the word before it."""
    lines = (line.split() for line in path.read_text(encoding="ascii").splitlines())
    return {words[0]: int(words[1]) for words in lines}
