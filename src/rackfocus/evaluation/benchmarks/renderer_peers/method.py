"""The interface of all renderers in the benchmark."""

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
    """The result of one rendering.

    Attributes:
        picture: linear light.
        seconds: of the rendering alone, without starting programs, reading files, or converting formats that
            the program itself would not need.
    """

    picture: Picture
    seconds: float


class Memory(Protocol):
    """Measures the peak memory of a rendering, beyond that of its inputs."""

    def start(self) -> None:
        """Call before the rendering."""

    def peak_bytes(self) -> int:
        """Call after it."""


@dataclass(frozen=True)
class Session:
    """A method with its inputs loaded: `render` may be called many times, `memory` measures it."""

    render: Callable[[], Run]
    memory: Memory


Opener = Callable[[Picture, DisparityMap], AbstractContextManager[Session]]


def always() -> str | None:
    """`missing` of a method that can always run."""
    return None


@dataclass(frozen=True)
class Method:
    """A renderer of the benchmark.

    Attributes:
        name: one word, for settings and records.
        title: for tables.
        forward: loads the inputs and returns a session that renders.
        backward: the same with gradients of image, disparity and log exposure. `None`: not supported.
        missing: one sentence on why it cannot run here. `None`: it can.
        radius_exponent: exponent with which its time grows with the radius, to skip runs that would take too
            long.
        timed: whether its time is measured, and not just its picture.
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
