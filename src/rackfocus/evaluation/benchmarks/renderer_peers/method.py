"""What every renderer in the benchmark looks like, ours and the peers alike."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

import numpy as np
from jaxtyping import Float

from rackfocus.evaluation.benchmarks.renderer_peers.memory import ProcessMemory

Picture = Float[np.ndarray, "height width 3"]
"""Linear light, single precision, display white 1, not clipped."""

DisparityMap = Float[np.ndarray, "height width"]
"""Signed blur radius in pixels."""


@dataclass(frozen=True)
class Run:
    """One rendering.

    Attributes:
        picture: linear light.
        seconds: of the work alone, without starting programs, reading files or converting formats that the
            program itself would not need.
    """

    picture: Picture
    seconds: float


class Memory(Protocol):
    """How much memory a rendering takes at most, beyond what holds its inputs."""

    def start(self) -> None:
        """Call before the rendering."""

    def peak_bytes(self) -> int:
        """Call after it."""


@dataclass(frozen=True)
class Session:
    """One method with its inputs loaded; may render many times.

    Attributes:
        render: renders once.
        memory: measures it.
    """

    render: Callable[[], Run]
    memory: Memory


Opener = Callable[[Picture, DisparityMap], AbstractContextManager[Session]]


def always() -> str | None:
    """Nothing is missing."""
    return None


@dataclass(frozen=True)
class Method:
    """A way to render.

    Attributes:
        name: one word, for settings and records.
        title: for tables.
        forward: loads the inputs and gives a session that renders.
        backward: the same with gradients of image, disparity and log exposure; none where it has none.
        missing: one sentence on why it cannot run here; none where it can.
        radius_exponent: with which power of the radius its time grows; for telling beforehand what would take
            too long.
        timed: whether its speed is of interest, and not its picture only.
    """

    name: str
    title: str
    forward: Opener
    backward: Opener | None = None
    missing: Callable[[], str | None] = always
    radius_exponent: float = 1.0
    timed: bool = True


def in_process(function: Callable[[Picture, DisparityMap], Picture]) -> Opener:
    """A session around a function of arrays."""

    @contextmanager
    def opened(linear: Picture, disparity: DisparityMap) -> Iterator[Session]:
        def render() -> Run:
            start = perf_counter()
            picture = function(linear, disparity)
            return Run(picture, perf_counter() - start)

        yield Session(render, ProcessMemory(os.getpid()))

    return opened
