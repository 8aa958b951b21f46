import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rackfocus import memory

MEMINFO = """MemTotal:       24684340 kB
MemFree:          907584 kB
MemAvailable:   {available} kB
SwapTotal:       2097148 kB
SwapFree:        1048576 kB
HugePages_Total:       0
"""

glibc = pytest.mark.skipif(sys.platform != "linux", reason="malloc of glibc")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Makes a machine of which these are available, in kilobytes."""
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "CGROUP", tmp_path)

    def make(available):
        (tmp_path / "meminfo").write_text(MEMINFO.format(available=available))
        return tmp_path

    return make


def test_available_is_what_the_system_can_free(machine):
    machine(4_000_000)
    assert memory.available_bytes() == 4_096_000_000
    assert memory.swap_bytes() == 2**30


@pytest.mark.parametrize(
    ("limit", "used", "files"),
    [
        ("memory.max", "memory.current", "inactive_file"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
    ],
    ids=["version 2", "version 1"],
)
def test_a_container_may_allow_less(machine, limit, used, files):
    folder = machine(4_000_000)
    (folder / "memory").mkdir()
    (folder / limit).write_text("3000000000\n")
    (folder / used).write_text("2500000000\n")
    (folder / used).with_name("memory.stat").write_text(f"anon 1000\n{files} 200000000\n")
    assert memory.available_bytes() == 700_000_000
    (folder / limit).write_text("9223372036854771712\n")
    assert memory.available_bytes() == 4_096_000_000
    (folder / limit).write_text("max\n")
    assert memory.available_bytes() == 4_096_000_000


def test_where_nothing_is_known(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "missing")
    assert memory.available_bytes() is None
    assert memory.swap_bytes() == 0


def _resident():
    return 4096 * int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])


@glibc
def test_what_was_freed_is_given_back():
    # Blocks too small for pages of their own, and one behind them that stays.
    blocks = [np.ones(10_000) for _ in range(2000)]
    last = blocks.pop()
    blocks.clear()
    before = _resident()
    memory.give_back()
    assert before - _resident() > 100e6
    assert last.sum() == 10_000


@glibc
def test_threads_share_one_heap():
    code = """
import ctypes, sys, threading
from rackfocus.memory import share_heap
if sys.argv[1] == "shared":
    share_heap()
blocks = []
def allocate():
    blocks.append(bytearray(50_000))
for thread in [threading.Thread(target=allocate) for _ in range(3)]:
    thread.start()
    thread.join()
ctypes.CDLL(None).malloc_stats()
"""
    heaps = {
        way: subprocess.run(
            [sys.executable, "-c", code, way], capture_output=True, text=True, check=True
        ).stderr.count("Arena")
        for way in ("shared", "by thread")
    }
    assert heaps["shared"] == 1 < heaps["by thread"]
