"""Benchmark of refocusing a video: time of each stage for a frame; time and memory of the whole."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

import av
import torch
from torch import Tensor

from rackfocus.data.apertures.raytraced import RaytracedScene
from rackfocus.device import CPU, device_identity, download, upload
from rackfocus.evaluation.benchmarks.renderer.inputs import Size
from rackfocus.evaluation.benchmarks.renderer_peers.memory import ProcessMemory
from rackfocus.evaluation.benchmarks.stabilizer import panned
from rackfocus.evaluation.benchmarks.stage_clock import StageClock, StageCost, median_cost
from rackfocus.focus.modes import Finder
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.optics.curve_tables import decoding, encoding, to_srgb
from rackfocus.optics.renderer import Renderer
from rackfocus.pipelines.frame_estimator import FrameEstimator, ShownFrame
from rackfocus.pipelines.refocus import refocus
from rackfocus.types import Lens
from rackfocus.video import Frame, VideoWriter, open_video
from rackfocus.video.codecs import Codec
from rackfocus.video.flow.optical_flow import Image
from rackfocus.video.stabilizer.stabilizer import Stabilizer

FPS = 24

APART, WHOLE = "one after the other", "as `refocus` does it"


@dataclass(frozen=True)
class Refocusing:
    """The components of `refocus` that take time.

    Attributes:
        network: the estimator.
        network_size_px: the longer side of its input.
        make_stabilizer: makes a new temporal filter.
        renderer: the forward model.
        lens: for rendering.
        codec: for writing.
        autofocus: finds what is in focus; `None`: the middle of the picture is. It is no stage by itself.
        device: where it is computed.
    """

    network: RGBDHDREstimator
    network_size_px: int | None
    make_stabilizer: Callable[[], Stabilizer]
    renderer: Renderer
    lens: Lens
    codec: Codec
    autofocus: Finder | None = None
    device: torch.device = CPU


@dataclass(frozen=True)
class RefocusCost:
    """What a stage takes for a frame.

    Attributes:
        way: which settings.
        stage: `APART` and `WHOLE` are all stages.
        device: where it was computed.
        cpu_s: processor seconds of all threads.
        wall_s: seconds.
        share: of the processor seconds of all stages, one after the other.
        peak_mb: by how many 10^6 bytes the process grew at most, of `WHOLE`.
    """

    way: str
    stage: str
    device: str
    cpu_s: float
    wall_s: float
    share: float
    peak_mb: float | None = None


def refocus_costs(video: Path, ways: Mapping[str, Refocusing]) -> Iterator[list[RefocusCost]]:
    """Measure one or several ways to refocus a video, each stage by stage, and then all in turn as a whole.

    As a whole they are run forth and back, so that a machine that becomes slower meanwhile is unfair to none.

    Args:
        video: the source.
        ways: by their names.

    Yields:
        After each run what is known of all ways; complete at the end.
    """
    stages: dict[str, list[StageCost]] = {}
    wholes: dict[str, list[tuple[StageCost, float]]] = {way: [] for way in ways}

    def known() -> list[RefocusCost]:
        costs = []
        for way, each in stages.items():
            device = device_identity(ways[way].device)
            cpu_s = sum(cost.cpu_s for cost in each)
            apart = StageCost(APART, cpu_s, sum(cost.wall_s for cost in each))
            costs += [
                RefocusCost(way, cost.stage, device, cost.cpu_s, cost.wall_s, cost.cpu_s / cpu_s)
                for cost in (*each, apart)
            ]
            if runs := wholes[way]:
                total_s, wall_s = mean(cost.cpu_s for cost, _ in runs), mean(cost.wall_s for cost, _ in runs)
                peak_mb = max(peak for _, peak in runs) / 1e6
                costs.append(RefocusCost(way, WHOLE, device, total_s, wall_s, total_s / cpu_s, peak_mb))
        return costs

    for way, how in ways.items():
        stages[way] = stage_costs(video, how)
        yield known()
    memory = ProcessMemory(os.getpid())
    for way in (*ways, *reversed(list(ways))):
        how = ways[way]
        with TemporaryDirectory() as folder:
            memory.start()
            cost = whole_cost(video, how, Path(folder) / f"out{how.codec.suffixes[0]}")
            wholes[way].append((cost, memory.peak_bytes()))
        yield known()


def write_pan(path: Path, scene: RaytracedScene, size: Size, *, frames: int) -> None:
    """Write a video of a pan over an enlarged scene, encoded like a phone's: H.264, 8 bits."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "16"})
        stream.width, stream.height, stream.pix_fmt = size.width, size.height, "yuv420p"
        for pushed in islice(panned(scene, size), frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pushed.image, format="rgb24")))
        container.mux(stream.encode(None))


def stage_costs(video: Path, how: Refocusing) -> list[StageCost]:
    """The median time of each stage over the frames, run one after the other; the first frame does not count.

    On a GPU each stage ends when its work there is done; the copy to it belongs to the curves of light, the
    copy back to encoding. All frames are pushed to the stabiliser, and its window is full for most of them.
    """
    clock = StageClock(how.device)
    timed = clock.timed
    stabilizer = how.make_stabilizer()
    estimator = FrameEstimator(how.network, how.network_size_px, device=how.device)
    with (
        TemporaryDirectory() as folder,
        open_video(video) as reader,
        VideoWriter(Path(folder) / "out.mp4", reader, codec=how.codec) as writer,
        torch.inference_mode(),
    ):
        frames = reader.frames()
        while (frame := timed("decode", next, frames, None)) is not None:
            linear, srgb, image = timed("curves of light", _light, frame, how.device)
            shown = [ShownFrame(frame.index, frame.time_s)]
            seen = timed("network", estimator.estimate, srgb, shown)
            timed("flow and filter", stabilizer.push, image, seen.disparity[0], seen.log_exposure[0])
            focal = float(seen.disparity.median())
            maps = seen.disparity, seen.log_exposure
            shallow = timed("render", how.renderer, linear, *maps, lens=how.lens, focal_disparity=focal)
            picture = timed("curves of light, back", encoding(frame.transfer.value), shallow)[0]
            timed("encode", _write, writer, frame, picture)
    return [median_cost(stage, each[1:]) for stage, each in clock.seconds.items()]


def whole_cost(video: Path, how: Refocusing, target: Path) -> StageCost:
    """The mean time of `refocus` over the frames, including its start and its end."""
    with open_video(video) as reader:
        middle = ((reader.info.width - 1) / 2, (reader.info.height - 1) / 2)
    clock = StageClock()
    frames = clock.timed(
        WHOLE,
        refocus,
        video,
        target,
        focus=middle if how.autofocus is None else None,
        autofocus=how.autofocus,
        lens=how.lens,
        model=how.network,
        stabilizer=how.make_stabilizer(),
        renderer=how.renderer,
        codec=how.codec,
        network_size_px=how.network_size_px,
        device=how.device,
    )
    return StageCost(WHOLE, *(each / frames for each in clock.seconds[WHOLE][0]))


def times_the_first(costs: Sequence[RefocusCost]) -> dict[str, float]:
    """The processor seconds of the whole of every other way, over those of the first one."""
    first, *others = (cost for cost in costs if cost.stage == WHOLE)
    return {cost.way: cost.cpu_s / first.cpu_s for cost in others}


def _write(writer: VideoWriter, frame: Frame, picture: Tensor) -> None:
    writer.write(frame, download(picture))


def _light(frame: Frame, device: torch.device) -> tuple[Tensor, Tensor, Image]:
    """A frame on the device: in linear light, in sRGB, and in bytes for optical flow."""
    encoded, curve = upload(frame.encoded, device).half(), to_srgb(frame.transfer.value)
    return decoding(frame.transfer.value)(encoded[None]), curve(encoded[None]), curve.image(encoded)
