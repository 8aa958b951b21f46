"""Benchmark of refocusing a video: time of each stage for a frame, and of the overlapped whole."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import torch
from torch import Tensor

from rackfocus.data.apertures.raytraced import RaytracedScene
from rackfocus.device import CPU, download, upload
from rackfocus.evaluation.benchmarks.renderer.inputs import Size
from rackfocus.evaluation.benchmarks.stabilizer import panned
from rackfocus.evaluation.benchmarks.stage_clock import StageClock, StageCost, median_cost
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
        device: where it is computed.
    """

    network: RGBDHDREstimator
    network_size_px: int | None
    make_stabilizer: Callable[[], Stabilizer]
    renderer: Renderer
    lens: Lens
    codec: Codec
    device: torch.device = CPU


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
    """The mean time of `refocus` over the frames, including its start and its end.

    Focus is on the middle of the picture.
    """
    with open_video(video) as reader:
        middle = ((reader.info.width - 1) / 2, (reader.info.height - 1) / 2)
    clock, stage = StageClock(), "all, overlapping, as `refocus` does it"
    frames = clock.timed(
        stage,
        refocus,
        video,
        target,
        focus=middle,
        lens=how.lens,
        model=how.network,
        stabilizer=how.make_stabilizer(),
        renderer=how.renderer,
        codec=how.codec,
        network_size_px=how.network_size_px,
        device=how.device,
    )
    return StageCost(stage, *(each / frames for each in clock.seconds[stage][0]))


def _write(writer: VideoWriter, frame: Frame, picture: Tensor) -> None:
    writer.write(frame, download(picture))


def _light(frame: Frame, device: torch.device) -> tuple[Tensor, Tensor, Image]:
    """A frame on the device: in linear light, in sRGB, and in bytes for optical flow."""
    encoded, curve = upload(frame.encoded, device).half(), to_srgb(frame.transfer.value)
    return decoding(frame.transfer.value)(encoded[None]), curve(encoded[None]), curve.image(encoded)
