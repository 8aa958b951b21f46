"""One measurement in a separate process, run by `guard` as a module with two files: the job, the answer."""

import dataclasses
import json
import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch

from rackfocus.data.apertures.raytraced import load_scene
from rackfocus.evaluation.benchmarks.renderer.inputs import Size, timing_input
from rackfocus.evaluation.benchmarks.renderer_peers import METHODS
from rackfocus.evaluation.benchmarks.renderer_peers.method import Opener

FIRST_RUN_SIZE = Size(64, 64)
FIRST_RUN_RADIUS_PX = 4.0
"""Radius of a first rendering before memory is measured, which loads libraries and compiles."""


@dataclass(frozen=True)
class Job:
    """A measurement to run.

    Attributes:
        method: name of the renderer.
        against: name of the one with which it alternates. `None`: measures memory and a first time instead.
        backward: whether gradients are computed, too.
        scene: folder of the scene for the inputs.
        width: of the picture in pixels.
        height: of the picture in pixels.
        radius: the largest blur radius in pixels.
        repeats: number of runs of each, after a first one that does not count.
        cores: number of processor cores to use.
    """

    method: str
    against: str | None
    backward: bool
    scene: str
    width: int
    height: int
    radius: float
    repeats: int
    cores: int


@dataclass(frozen=True)
class Answer:
    """The seconds of each run of a job's renderer and of the one it alternates with, and its memory beyond
    the inputs (`None`: time was measured).
    """

    seconds: list[float]
    against_seconds: list[float]
    peak_bytes: int | None


def measure(job: Job) -> Answer:
    """Run the job in this process."""
    scene = load_scene(Path(job.scene))
    size = Size(job.width, job.height)
    if job.against is None:
        opener = _opener(job.method, job.backward)
        with opener(*timing_input(scene, FIRST_RUN_SIZE, FIRST_RUN_RADIUS_PX)) as session:
            session.render()
        with opener(*timing_input(scene, size, job.radius)) as session:
            session.memory.start()
            seconds = session.render().seconds
            return Answer([seconds], [], session.memory.peak_bytes())
    with ExitStack() as stack:
        inputs = timing_input(scene, size, job.radius)
        own, other = (
            stack.enter_context(_opener(name, job.backward)(*inputs)) for name in (job.method, job.against)
        )
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(1 + job.repeats):
            for session, seconds_list in zip((other, own), reversed(times), strict=True):
                seconds_list.append(session.render().seconds)
        return Answer(times[0][1:], times[1][1:], None)


def _opener(name: str, backward: bool) -> Opener:
    method = METHODS[name]
    opener = method.backward if backward else method.forward
    assert opener is not None, f"{name} has no backward"
    return opener


def _use_cores(count: int) -> None:
    """Restrict this process and its children to this number of cores."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])
    torch.set_num_threads(count)
    cv2.setNumThreads(count)


if __name__ == "__main__":
    job = Job(**json.loads(Path(sys.argv[1]).read_text()))
    _use_cores(job.cores)
    Path(sys.argv[2]).write_text(json.dumps(dataclasses.asdict(measure(job))))
