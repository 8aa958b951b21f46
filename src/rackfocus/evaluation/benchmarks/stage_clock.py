"""Times stages of work, in CPU and wall-clock seconds."""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch

from rackfocus.device import CPU

Result = TypeVar("Result")


@dataclass(frozen=True)
class StageCost:
    """The time of one stage for a frame: CPU seconds over all threads, and wall-clock seconds."""

    stage: str
    cpu_s: float
    wall_s: float


class StageClock:
    """Keeps the CPU and wall-clock seconds of each run of each stage, whose work on a GPU is waited for."""

    def __init__(self, device: torch.device = CPU) -> None:
        self._device = device
        self.seconds: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def timed(self, stage: str, work: Callable[..., Result], *inputs: Any, **settings: Any) -> Result:
        """Do the work, and keep its time."""
        began = time.process_time(), time.perf_counter()
        result = work(*inputs, **settings)
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        self.seconds[stage].append((time.process_time() - began[0], time.perf_counter() - began[1]))
        return result


def median_cost(stage: str, seconds: list[tuple[float, float]]) -> StageCost:
    """The medians of the CPU seconds and the wall-clock seconds of several frames."""
    cpu, wall = (float(np.median(column)) for column in zip(*seconds, strict=True))
    return StageCost(stage, cpu, wall)
