"""Overlapping stages give what they would give one after the other, and leave nothing running."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import av
import numpy as np
import pytest

from rackfocus.pipelines.prefetch import prefetch
from rackfocus.video import Frame, open_video


def counting(stop: int, said: list[str]) -> Iterator[int]:
    try:
        for number in range(stop):
            said.append(f"made {number}")
            yield number
    finally:
        said.append("closed")


def running() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("ahead")}


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_the_items_come_in_order_and_all_of_them(count: int) -> None:
    said: list[str] = []
    assert list(prefetch(prefetch(counting(count, said)))) == list(range(count))
    assert said[-1] == "closed"
    assert not running()


def test_the_next_item_is_made_while_one_is_used() -> None:
    begun = threading.Event()

    def items() -> Iterator[int]:
        yield 0
        begun.set()
        yield 1

    coming = prefetch(items())
    assert next(coming) == 0
    assert begun.wait(600), "nobody asked for the second item, and it is under way"
    assert list(coming) == [1]


def test_an_item_is_asked_for_only_when_the_one_before_is_taken() -> None:
    said: list[str] = []
    with closing(prefetch(counting(9, said))) as coming:
        next(coming)
    assert len([each for each in said if each.startswith("made")]) == 2


def test_an_error_comes_after_the_items_before_it() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("a broken frame")

    coming = prefetch(prefetch(broken()))
    assert next(coming) == 1
    with pytest.raises(ValueError, match="a broken frame"):
        next(coming)
    assert not running()


def test_whoever_stops_early_leaves_no_thread_and_nothing_open() -> None:
    said: list[str] = []
    with closing(prefetch(prefetch(counting(1000, said)))) as items:
        next(items)
    assert said[-1] == "closed"
    assert not running()


def test_an_error_while_the_next_frame_is_decoded_is_the_one_that_is_raised(tmp_path: Path) -> None:
    """The reader is closed before `prefetch`, and waits for the frame that the thread decodes."""
    path = tmp_path / "noise.avi"
    random = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=24)
        stream.width, stream.height, stream.pix_fmt = 960, 720, "yuvj444p"
        for _ in range(3):
            noise = random.integers(0, 256, (720, 960, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noise, format="rgb24")))
        container.mux(stream.encode(None))
    begun = threading.Event()

    def read() -> Iterator[Frame]:
        frames = reader.frames()
        yield next(frames)
        begun.set()
        yield next(frames)

    def fail() -> None:
        with reader:
            next(coming)
            assert begun.wait(600)
            time.sleep(0.01)
            raise RuntimeError("the disk is full")

    reader = open_video(path)
    coming = prefetch(read())
    with pytest.raises(RuntimeError, match="the disk is full"):
        fail()
    coming.close()
    assert not running()
