"""Benchmark of the stabiliser: time of each stage compared with the naive design, and memory."""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from rackfocus.data.apertures.raytraced import RaytracedScene, load_scene
from rackfocus.evaluation.benchmarks.renderer.inputs import Size, timing_input
from rackfocus.evaluation.benchmarks.renderer_peers.memory import ProcessMemory
from rackfocus.evaluation.benchmarks.stage_clock import StageClock, StageCost, median_cost
from rackfocus.evaluation.stabilizer.naive import naive_stabilize
from rackfocus.optics.radiometry import linear_to_srgb
from rackfocus.video.flow.optical_flow import OpticalFlow
from rackfocus.video.shot_cuts import begins_shot
from rackfocus.video.stabilizer.cpu import CPUWindow
from rackfocus.video.stabilizer.grid import cell_px, reduced, reduced_image
from rackfocus.video.stabilizer.own_maps import OwnMaps
from rackfocus.video.stabilizer.scales import Scales
from rackfocus.video.stabilizer.stabilizer import EXPOSURE_SCALE, TemporalStabilizer

PAN_PX = 64
"""Length of the camera's pan, there and back."""


class Inputs(NamedTuple):
    """The inputs for one frame."""

    image: UInt8[np.ndarray, "height width 3"]
    disparity: Float[Tensor, "1 height width"]
    log_exposure: Float[Tensor, "3 height width"]


@dataclass(frozen=True)
class MemoryPeak:
    """The largest growth of the process's resident memory over some frames, in 10^6 bytes."""

    frames: int
    megabytes: float


def panned(scene: RaytracedScene, size: Size, *, seed: int = 0) -> Iterator[Inputs]:
    """Endless frames: a pan over an enlarged scene, its disparity with independent noise in every frame."""
    linear, disparity = timing_input(scene, Size(size.width + PAN_PX, size.height + PAN_PX), 20.0)
    encoded = linear_to_srgb(torch.from_numpy(linear).clamp(0, 1))
    picture = (encoded * 255).round().to(torch.uint8).numpy()
    # Lights: one channel marks where the picture clips.
    light = torch.from_numpy(np.where(linear.max(axis=2) >= 1, np.float32(0.02), np.float32(0)))
    random = torch.Generator().manual_seed(seed)
    frame = 0
    while True:
        at = abs((2 * frame + PAN_PX) % (2 * PAN_PX) - PAN_PX)
        view = (slice(at // 2, at // 2 + size.height), slice(at, at + size.width))
        noise = 0.3 * torch.randn(1, size.height, size.width, generator=random)
        own = torch.from_numpy(disparity)[view][None] + noise
        yield Inputs(
            np.ascontiguousarray(picture[view]), own, light[view].expand(3, size.height, size.width).clone()
        )
        frame += 1


def stage_costs(frames: list[Inputs], made: TemporalStabilizer) -> list[StageCost]:
    """The time of each stage for frames with a full window, one after the other; the last is all of `push`.

    Args:
        frames: enough to fill the window, and some more, over which the median is taken.
        made: the stabiliser to measure.
    """
    flow, look_ahead_frames = made.flow, made.look_ahead_frames
    slots = made.window_frames + 1 + look_ahead_frames
    height, width = frames[0].image.shape[:2]
    cell = cell_px(height, width, made.size_px)
    window = CPUWindow(slots, -(-height // cell), -(-width // cell))
    scales = Scales(made.luma_scale, made.outlier_scale * max(height, width), EXPOSURE_SCALE)
    waiting: dict[int, OwnMaps] = {}
    clock = StageClock()
    timed = clock.timed

    def to_grid(frame: Inputs) -> tuple[Any, OwnMaps]:
        maps = reduced(frame.disparity, cell), reduced(frame.log_exposure, cell)
        return reduced_image(frame.image, cell), OwnMaps.of(frame.disparity, frame.log_exposure, maps, cell)

    images: list[Any] = []
    for index, frame in enumerate(frames):
        image, maps = frame.image, (frame.disparity, frame.log_exposure)
        if cell > 1:
            image, waiting[index] = timed("to the grid", to_grid, frame)
            maps = waiting[index].on_grid
        timed("keep the frame", window.put, index, cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), *maps)
        images.append(image)
        if index:
            timed("shot cut", begins_shot, frames[index - 1].image, frame.image)
            there = timed("flow there", flow, *images[-2:])
            back = timed("flow back", flow, *reversed(images[-2:]))
            timed("Eq. 7", window.link, index, there, back, made.delta_px)
        if index >= slots - 1:
            own = index - look_ahead_frames
            filtered = timed("Eq. 8", window.stabilized, own, index - slots + 1, index, scales)
            if cell > 1:
                timed("from the grid", waiting.pop(own).filtered, *filtered)
    filled = {"Eq. 8", "from the grid"}
    costs = [
        median_cost(stage, each[1 if stage in filled else slots :] or each)
        for stage, each in clock.seconds.items()
    ]
    return [*costs, push_cost("all, as `push` does it", frames, made)]


def push_cost(stage: str, frames: list[Inputs], made: TemporalStabilizer) -> StageCost:
    """The time of `push` for the frames with a full window, or for all if it is never full."""
    clock = StageClock()
    for frame in frames:
        clock.timed(stage, made.push, *frame)
    made.finish()
    slots, seconds = made.window_frames + 1 + made.look_ahead_frames, clock.seconds[stage]
    return median_cost(stage, seconds[slots:] or seconds)


def naive_cost(
    frames: list[Inputs], flow: OpticalFlow, *, window_frames: int, delta_px: float, outlier_scale: float
) -> StageCost:
    """The causal filter by the naive design, for the frames with a full window."""
    stage, clock = "the naive design", StageClock()
    scale_px = outlier_scale * max(frames[0].image.shape[:2])
    for end in range(window_frames + 1, len(frames) + 1):
        window = frames[end - window_frames - 1 : end]
        clock.timed(stage, naive_stabilize, window, flow, delta_px, scale_px, EXPOSURE_SCALE)
    return median_cost(stage, clock.seconds[stage])


def memory_peak(made: TemporalStabilizer, scene: Path, size: Size, *, frames: int) -> MemoryPeak:
    """Push this number of frames in a separate process, without keeping the results."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
        return MemoryPeak(frames, fresh.submit(_growth, made, scene, size, frames).result() / 1e6)


def _growth(made: TemporalStabilizer, scene: Path, size: Size, frames: int) -> int:
    """The growth in bytes, after a first frame, which loads libraries and compiles."""
    pan = panned(load_scene(scene), size)
    made.push(*next(pan))
    made.finish()
    memory = ProcessMemory(os.getpid())
    memory.start()
    for frame in islice(pan, frames):
        made.push(*frame)
    made.finish()
    return memory.peak_bytes()
