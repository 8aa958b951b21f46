"""Benchmark of a training step: the fast renderer against the reference, alternating in one process."""

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.data.apertures.raytraced import RaytracedScene
from rackfocus.device import CPU
from rackfocus.evaluation.benchmarks.renderer.inputs import Size, timing_input
from rackfocus.losses.aperture_supervision import ApertureSupervision
from rackfocus.optics import Renderer
from rackfocus.optics.radiometry import linear_to_srgb
from rackfocus.optics.renderer import render_reference
from rackfocus.tasks.data import FocusBatch
from rackfocus.types import RGBDHDR


@dataclass(frozen=True)
class StepVariant:
    """A variant of the training step.

    `oracle`: autograd through the renderer in plain torch, by Fourier transforms. `mixed`: convolutions in
    bfloat16. `channels_last`: the memory format. `compiled`: the network is compiled by torch.
    """

    name: str
    oracle: bool = False
    mixed: bool = False
    channels_last: bool = False
    compiled: bool = False


PLAIN = StepVariant("plain: fp32, eager, FFT oracle", oracle=True)
WAYS = (
    PLAIN,
    StepVariant("renderer by spans"),
    StepVariant("and bf16-mixed", mixed=True),
    StepVariant("and channels_last", mixed=True, channels_last=True),
    StepVariant("and compile", mixed=True, channels_last=True, compiled=True),
)
"""From the plain step to the fastest; each changes one setting."""


@dataclass(frozen=True)
class StepTime:
    """The time of one variant.

    Attributes:
        way: its name.
        seconds: of a step, the median.
        speed_up: over the plain step, the median of the rounds.
        rounds: number of timed steps.
        samples_per_s: samples that are learned from in a second.
    """

    way: str
    seconds: float
    speed_up: float
    rounds: int
    samples_per_s: float


class ReferenceRenderer(Renderer):
    """The renderer in plain torch."""

    def forward(self, *images: Any, **settings: Any) -> Float[Tensor, "batch 3 height width"]:
        return render_reference(*images, formulation=self.formulation, **settings)


class OffsetNetwork(nn.Module):
    """An untrained network whose estimate is shifted to the truth, so that it behaves like a trained one.

    An untrained network's disparity is near 0, where a render has few levels and takes almost no time.
    """

    disparity: Tensor

    def __init__(self, network: nn.Module, disparity: Float[Tensor, "batch 1 height width"]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("disparity", disparity)

    def forward(self, srgb: Float[Tensor, "batch 3 height width"]) -> RGBDHDR:
        prediction: RGBDHDR = self.network(srgb)
        return RGBDHDR(prediction.disparity + self.disparity, prediction.log_exposure)


def focal_triplet(
    scene: RaytracedScene, size: Size, radius_px: float
) -> tuple[FocusBatch, Float[Tensor, "1 1 height width"]]:
    """A focal triplet of an enlarged scene, and its disparity, whose largest value is `radius_px`.

    The photographs are copies of the deep image: their values do not affect the time.
    """
    picture, disparity = (torch.from_numpy(array) for array in timing_input(scene, size, radius_px))
    linear = picture.permute(2, 0, 1)[None].clamp(0, 1).contiguous()
    ratio, focus = torch.ones(1, 1, 1, 1), torch.full((1, 1, 1, 1), radius_px / 4)
    return FocusBatch(linear_to_srgb(linear), linear, linear, ratio, focus), disparity[None, None]


def time_steps(
    network: nn.Module,
    loss: ApertureSupervision,
    batch: FocusBatch,
    disparity: Float[Tensor, "1 1 height width"],
    ways: Sequence[StepVariant] = WAYS,
    *,
    rounds: int = 5,
    device: torch.device = CPU,
) -> Iterator[list[StepTime]]:
    """Alternate between the variants, round after round; yields the results so far after each round.

    All start from the same weights. The steps before the first round, which compile and warm up, do not
    count.
    """
    network, loss = network.to(device), loss.to(device)
    batch, disparity = FocusBatch(*(values.to(device) for values in batch)), disparity.to(device)
    steps = [_step(way, copy.deepcopy(network), copy.deepcopy(loss), batch, disparity) for way in ways]
    seconds: list[list[float]] = [[] for _ in ways]
    for step in steps:
        step()
    for _ in range(rounds):
        for taken, step in zip(seconds, steps, strict=True):
            began = time.perf_counter()
            step()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            taken.append(time.perf_counter() - began)
        yield [
            StepTime(
                way.name,
                median(taken),
                median(plain / own for plain, own in zip(seconds[0], taken, strict=True)),
                len(taken),
                len(batch.deep) / median(taken),
            )
            for way, taken in zip(ways, seconds, strict=True)
        ]


def _step(
    way: StepVariant, network: nn.Module, loss: ApertureSupervision, batch: FocusBatch, disparity: Tensor
) -> Callable[[], None]:
    if way.oracle:
        loss.renderer = ReferenceRenderer(loss.renderer.formulation)
    if way.channels_last:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        loss.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if way.compiled:
        network.compile(dynamic=True)
    model = OffsetNetwork(network.train(), disparity)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast(disparity.device.type, torch.bfloat16) if way.mixed else nullcontext():
            total = loss(model(batch.deep), **batch._asdict()).total
        total.backward()
        optimizer.step()

    return step
