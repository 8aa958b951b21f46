import logging
from pathlib import Path

import pytest
from PIL import Image

from rackfocus import InputError, memory, refocus
from rackfocus.pipelines.memory_need import check_memory, needed_bytes

PATH = Path("clip.mp4")
EIGHT_K = 7680, 4320


@pytest.fixture
def available(tmp_path, monkeypatch):
    """Makes a machine with so many bytes available, and so much free swap."""
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "CGROUP", tmp_path)

    def make(most, swap=0):
        text = f"MemAvailable: {most // 1024} kB\nSwapFree: {swap // 1024} kB\n"
        (tmp_path / "meminfo").write_text(text)

    return make


def test_the_need_grows_linearly_with_the_pixels():
    base, small, large = (needed_bytes(pixels, pixels) for pixels in (0, 10**6, 2 * 10**6))
    assert large - small == small - base > 0
    assert needed_bytes(10**6, 10**6 // 4) < small


def test_nothing_is_said_where_memory_suffices(available, caplog):
    available(needed_bytes(1280 * 720, 1280 * 720) + 1024)
    check_memory(PATH, (1280, 720), (1280, 720))
    assert not caplog.records


def test_a_warning_says_how_much_and_what_to_set(available, caplog):
    available(5_000_000_000)
    with caplog.at_level(logging.WARNING):
        check_memory(PATH, EIGHT_K, EIGHT_K)
    needed = needed_bytes(7680 * 4320, 7680 * 4320) / 1e9
    assert caplog.messages == [
        f"{PATH} needs about {needed:.1f} GB of memory at 7680 x 4320, and 5.0 GB are available; "
        "set scale=0.5 or end other programs, before the machine becomes slow."
    ]


def test_what_cannot_run_is_refused(available):
    available(1_000_000_000)
    with pytest.raises(InputError, match=r"needs about .* 1\.0 GB are available; end other programs\."):
        check_memory(PATH, EIGHT_K, EIGHT_K)


def test_swap_lets_it_run(available, caplog):
    available(1_000_000_000, swap=64_000_000_000)
    check_memory(PATH, EIGHT_K, EIGHT_K)
    assert "end other programs" in caplog.text


def test_a_machine_that_tells_nothing_is_trusted(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "missing")
    check_memory(PATH, EIGHT_K, EIGHT_K)
    assert not caplog.records


def test_refocus_asks_before_it_begins(available, tmp_path):
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    Image.new("RGB", (64, 48), "grey").save(source)
    available(100_000_000)
    with pytest.raises(InputError, match=r"0\.1 GB are available"):
        refocus(source, target, device="cpu")
    assert not target.exists()
