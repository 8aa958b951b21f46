"""Benchmark of AF-Net: a whole clip at once against single windows, and a video from its file on."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.focus.af_net.autofocus import AFNetAutofocus
from rackfocus.models.af_net import AFNet
from rackfocus.pipelines.focusing.footage import Footage

Value = TypeVar("Value")

WINDOWS = 40
"""Number of frames of the clip for timing both ways."""
PICTURE = (96, 160)
"""Their height and width; both are multiples of `rackfocus.models.af_net.MULTIPLE`."""


@dataclass(frozen=True)
class AFNetCost:
    """Seconds for a video, and for the windows of a clip.

    `video_s` is the video's duration, `decode_s` the time to decode and reduce it, `all_s` the time for that,
    the network and the targets, `all_cpu_s` the same in CPU seconds. `clip_s` is the time for `WINDOWS`
    frames as one clip, `windows_s` that for each window separately, `difference` the largest difference
    between both in log odds.
    """

    video_s: float
    decode_s: float
    all_s: float
    all_cpu_s: float
    clip_s: float
    windows_s: float
    difference: float

    @property
    def speedup(self) -> float:
        """How many times faster the whole clip is."""
        return self.windows_s / self.clip_s


def af_net_cost(footage: Footage, finder: AFNetAutofocus) -> AFNetCost:
    """Time AF-Net on a video."""
    info = footage.reader.info
    fps, size = float(info.fps), (info.width, info.height)
    network = finder.network
    count, decode_s = _timed(lambda: sum(1 for _ in footage.pictures()))
    before = time.process_time()
    _, all_s = _timed(lambda: finder.find(footage.pictures(), size=size, fps=fps))
    all_cpu_s = time.process_time() - before
    generator = torch.Generator().manual_seed(1)
    frames = torch.rand(1, WINDOWS, 3, *PICTURE, generator=generator)
    with torch.inference_mode():
        network(frames)
        whole, clip_s = _timed(lambda: network(frames).target_logits[0])
        single, windows_s = _timed(
            lambda: torch.stack([single_window(network, frames, at) for at in range(WINDOWS)])
        )
    return AFNetCost(
        count / fps, decode_s, all_s, all_cpu_s, clip_s, windows_s, float((whole - single).abs().max())
    )


def single_window(
    network: AFNet, frames: Float[Tensor, "1 frame 3 height width"], centre: int
) -> Float[Tensor, ""]:
    """The log odds of one frame from its own window: `f_s` units, each computed separately."""
    count = frames.shape[1]
    summed = torch.zeros(())
    for number, place in enumerate(network.window_places):
        middle = centre + place
        if not 0 <= middle < count:
            continue
        at = [min(max(middle + each, 0), count - 1) for each in network.unit_places]
        unit = frames[0, at] - 0.5
        _, features = network.region_network(unit[None, len(at) // 2], unit.mean(1)[None])
        summed = summed + network.time_network.parts(features[None])[0, :, number]
    return network.time_network(summed)[0]


def _timed(run: Callable[[], Value]) -> tuple[Value, float]:
    start = time.perf_counter()
    return run(), time.perf_counter() - start
