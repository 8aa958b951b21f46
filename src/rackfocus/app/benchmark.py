"""Measures the latency of the page's images, tracking and seeking, and the memory of a session."""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rackfocus.app.session.session import Session

F_NUMBERS = (2.0, 2.8, 4.0, 1.4, 5.6)
WAITED_S = 0.005
MEMORY_EVERY_S = 60.0


@dataclass(frozen=True)
class Figure:
    """A measured value: the quantity, its value and the value's unit."""

    what: str
    value: float
    unit: str


def figures(session: Session, *, frames: int, through_s: float) -> Iterator[Figure]:
    """Measure an open video, one quantity after the other.

    Args:
        session: of the video; a target is added to its document.
        frames: at how many frames images are requested.
        through_s: for how many seconds the video is played while memory is measured.
    """
    generator = random.Random(0)
    places = [generator.randrange(session.video.frames) for _ in range(frames)]
    seeks = [_seconds(lambda: session.frame_jpeg(place, "input")) for place in places]  # noqa: B023
    yield Figure("seeking a frame, median", 1e3 * statistics.median(seeks), "ms")
    yield Figure("seeking a frame, worst", 1e3 * max(seeks), "ms")

    # The first images include the compilation of kernels.
    for place in places[:2]:
        session.frame_jpeg(place)
    latencies = []
    for number, place in enumerate(places):
        session.look(place)
        session.frame_jpeg(place)
        session.document.set_f_number(F_NUMBERS[number % len(F_NUMBERS)] + 0.01)
        latencies.append(_seconds(lambda: session.frame_jpeg(place)))  # noqa: B023
    latencies.sort()
    yield Figure("a picture whose disparity is known, median", 1e3 * statistics.median(latencies), "ms")
    yield Figure("the same, 95 of 100", 1e3 * latencies[int(0.95 * (len(latencies) - 1))], "ms")

    middle = session.video.width / 2, session.video.height / 2
    session.look(0)
    session.frame_jpeg(0)
    begun = time.perf_counter()
    session.gestures.add(0, *middle, (middle[0] * 0.8, middle[1] * 0.8, middle[0] * 1.2, middle[1] * 1.2))
    _wait(lambda: bool(session.track.known[0]))
    yield Figure("a new target to its first result", 1e3 * (time.perf_counter() - begun), "ms")
    begun, done = time.perf_counter(), session.track.spans[-1].done
    _wait(lambda: session.track.spans[-1].done == session.video.frames, 10)
    speed = (session.track.spans[-1].done - done) / (time.perf_counter() - begun)
    yield Figure("following a subject", speed, "frames/s")

    yield Figure("memory of the process", memory_mb(), "MB")
    begun = time.perf_counter()
    seen, told_s = 0, 0.0
    while told_s < through_s:
        seen = (seen + 37) % session.video.frames
        session.look(seen)
        session.frame_jpeg(seen, "input")
        session.frame_jpeg(seen)
        passed_s = time.perf_counter() - begun
        if passed_s >= min(told_s + MEMORY_EVERY_S, through_s):
            told_s = passed_s
            yield Figure(f"the same {passed_s:.0f} s later", memory_mb(), "MB")


def memory_mb() -> float:
    """Resident memory of this process in MB; NaN if the system does not report it."""
    told = Path("/proc/self/status")
    lines = told.read_text().splitlines() if told.is_file() else []
    kilobytes = [float(line.split()[1]) for line in lines if line.startswith("VmRSS:")]
    return kilobytes[0] / 1024 if kilobytes else float("nan")


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _wait(is_so: Callable[[], bool], most_s: float = 120) -> None:
    end = time.perf_counter() + most_s
    while not is_so() and time.perf_counter() < end:
        time.sleep(WAITED_S)
