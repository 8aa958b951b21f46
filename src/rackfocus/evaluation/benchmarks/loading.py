"""Benchmark of training data: batches loaded a second, and training steps a second."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from torch.utils.data import DataLoader

from rackfocus.losses.aperture_supervision import ApertureSupervision
from rackfocus.models.rgbd_hdr import RGBDHDRNet
from rackfocus.tasks.data import FocusBatch


@dataclass(frozen=True)
class LoadingRate:
    """Samples loaded and trained a second; with 0 workers loading is in the main process.

    `processor_seconds` is what loading one sample takes of a processor. `workers_needed` is the least number
    of workers, each on a core of its own, that load as fast as samples are trained on.
    """

    workers: int
    samples_per_second: float
    trained_samples_per_second: float
    processor_seconds: float

    @property
    def workers_needed(self) -> int:
        """See the class."""
        return math.ceil(self.trained_samples_per_second * self.processor_seconds)


def batch_time(loader: DataLoader[FocusBatch], *, batches: int) -> tuple[float, float]:
    """Seconds for a batch, by the clock and of this process's processor time, after all workers have started
    and their prefetched batches are used up.
    """
    stream = _endless(loader)
    ahead = 1 + loader.num_workers * (loader.prefetch_factor or 0)
    for _ in islice(stream, ahead):
        pass
    began, processor_began = time.perf_counter(), time.process_time()
    for _ in islice(stream, batches):
        pass
    clock, processor = time.perf_counter() - began, time.process_time() - processor_began
    return clock / batches, processor / batches


def step_rate(
    model: RGBDHDRNet, loss: ApertureSupervision, loader: DataLoader[FocusBatch], *, steps: int
) -> float:
    """Training steps a second, on the accelerator if there is one, without loading.

    The first step, which compiles and warms up, does not count.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model, loss = model.to(device).train(), loss.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    seconds = []
    for batch in islice(_endless(loader), 1 + steps):
        began = time.perf_counter()
        batch = FocusBatch(*(values.to(device) for values in batch))
        optimizer.zero_grad()
        loss(model(batch.deep), **batch._asdict()).total.backward()
        optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - began)
    return steps / sum(seconds[1:])


def _endless(loader: DataLoader[FocusBatch]) -> Iterator[FocusBatch]:
    while True:
        yield from loader
