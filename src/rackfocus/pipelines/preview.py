"""One picture of a few frames of a video, before a long run: the input, its disparity, and the result."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from rackfocus.focus.focus_track import Read
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.models.checkpoints import SHIPPED, load_model
from rackfocus.one_writer import one_writer
from rackfocus.optics.curve_tables import to_srgb
from rackfocus.optics.renderer import Renderer
from rackfocus.pipelines.clip.refocusable_clip import SUFFIX, RefocusableClip
from rackfocus.pipelines.estimates import EstimatedFrame, frame_at, in_linear_light
from rackfocus.pipelines.focusing.given_focus import Focus, aperture_of, check_focus, focusing_of
from rackfocus.pipelines.frame_estimator import FrameEstimator, ShownFrame
from rackfocus.pipelines.outputs import DisparityMap
from rackfocus.pipelines.rendering import Rendering
from rackfocus.types import FocusAnnotation, FocusKeyframes, FocusTarget, InputError, Lens
from rackfocus.video import Frame, VideoReader, open_video
from rackfocus.video.decode import ContainerReader
from rackfocus.video.decoding.reduction import resized
from rackfocus.video.encode import check_place
from rackfocus.video.random_access import RandomAccess
from rackfocus.whole_files import whole_file

FRAMES = 5
LONGER_SIDE_PX = 480
"""Of each picture; a small picture shows the same blur, because disparity shrinks with it."""


def preview(
    source: str | Path,
    target: str | Path,
    *,
    focus: Focus = None,
    f_number: float | FocusKeyframes | None = None,
    lens: Lens | None = None,
    model: RGBDHDREstimator | str | Path = SHIPPED,
    renderer: Renderer | None = None,
    first: int = 0,
    last: int | None = None,
    network_size_px: int | None = 384,
    fps: float = 24,
    video: str | Path | None = None,
) -> list[int]:
    """Write a picture with a row for each of a few frames: the input, its disparity, and the result.

    Frames are estimated one by one, without the temporal filter. The subjects of an annotation are not
    followed: focus is on the point of the last target so far.

    Args:
        source: the video; it and what follows `target` are as in `rackfocus.refocus`.
        target: the picture to write, `.png` or `.jpg`.
        focus: what is in focus.
        f_number: overrides that of the lens.
        lens: the lens to render with.
        model: estimates disparity and HDR.
        renderer: the forward model.
        first: the first frame.
        last: the frame after the last one.
        network_size_px: the longer side of the network's input.
        fps: frames a second, where the source is a folder of frames.
        video: the current path of a clip's video.

    Returns:
        The frames that are shown.

    Raises:
        InputError: the source cannot be read, the target cannot be written, or a setting is out of range.
    """
    source, target = Path(source), Path(target)
    lens, f_numbers = aperture_of(focus, f_number, lens or Lens())
    clip = RefocusableClip.open(source, source=video) if source.suffix == SUFFIX and source.is_dir() else None
    with open_video(source, fps=fps) if clip is None else clip.open_source() as reader:
        check_focus(focus, reader.info)
        check_place(target, reader.path)
        focusing = _Targets(focus.targets) if isinstance(focus, FocusAnnotation) else focusing_of(focus)
        rendering = Rendering(focusing, lens, f_numbers, renderer or Renderer(), Row())
        if clip is not None:
            first, last = max(first, clip.frame_range.start), min(last or 2**62, clip.frame_range.stop)
        frames = _frames(reader, first, last)
        estimated: Callable[[Frame], EstimatedFrame]
        if clip is not None:
            estimated = partial(_stored, clip)
        else:
            network = load_model(model) if isinstance(model, str | Path) else model
            estimated = partial(
                _estimated, FrameEstimator(network, network_size_px, frames=reader.info.frames)
            )
        scale = frames[0].encoded.shape[2] / reader.info.width
        shown = rendering.pictures(map(estimated, frames), scale_from_source=scale, start_s=0.0)
        rows = [picture for _, picture in shown]
        reader.check_unchanged()
    sheet = torch.cat(rows, 1).clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).numpy()
    with one_writer(target), whole_file(target) as draft:
        Image.fromarray(sheet).save(draft, "JPEG" if target.suffix.lower() in (".jpg", ".jpeg") else "PNG")
    return [frame.index for frame in frames]


@dataclass(frozen=True)
class Row:
    """The input, its disparity and the result, side by side."""

    renders: ClassVar[bool] = True

    def size(self, width: int, height: int) -> tuple[int, int]:
        return 3 * width, height

    def picture(self, sharp: Tensor, shallow: Tensor | None, disparity: Tensor) -> Tensor:
        assert shallow is not None
        return torch.cat([sharp, DisparityMap().picture(sharp, None, disparity), shallow], dim=2)


@dataclass(frozen=True)
class _Targets:
    """The disparity at the last target so far, which is not followed."""

    targets: tuple[FocusTarget, ...]

    def focal_disparity(self, index: int, time_s: float, read: Read) -> float:  # noqa: ARG002
        if not self.targets:
            raise InputError("The annotation has no target; add one, or say what else to focus on.")
        begun = [target for target in self.targets if target.t <= index]
        target = begun[-1] if begun else self.targets[0]
        return read((target.x, target.y))


def _stored(clip: RefocusableClip, frame: Frame) -> EstimatedFrame:
    size = (frame.encoded.shape[2], frame.encoded.shape[1])
    disparity, log_exposure = clip.disparity(frame.index)[None], clip.log_exposure(frame.index)[None]
    scale = size[0] / disparity.shape[-1]
    return EstimatedFrame(frame, resized(disparity, size)[0] * scale, resized(log_exposure, size)[0])


def _estimated(estimator: FrameEstimator, frame: Frame) -> EstimatedFrame:
    srgb = to_srgb(frame.transfer.value)(frame.encoded[None].half())
    estimate = estimator.estimate(srgb, [ShownFrame(frame.index, frame.time_s)])
    return EstimatedFrame(frame, estimate.disparity[0], estimate.log_exposure[0])


def _frames(reader: VideoReader, first: int, last: int | None) -> list[Frame]:
    """A few frames of a range, from its first to its last one, reduced; `time_s` begins with the video.

    Raises:
        InputError: the range is empty, or a frame cannot be read.
    """
    info = reader.info
    scale = min(1.0, LONGER_SIDE_PX / max(info.width, info.height))
    height = max(1, round(info.height * scale))
    tick = Fraction(1, 1_000_000)
    if not isinstance(reader, ContainerReader):
        count = info.frames or 1
        size = (max(1, round(info.width * scale)), height)
        frames = []
        for index in _chosen(first, min(last or count, count)):
            frame = next(reader.frames(index, index + 1, reduction=in_linear_light(size)))
            encoded = frame_at(size, frame, frame.encoded).encoded.float()
            frames.append(Frame(index, round(frame.time_s / tick), 0, tick, encoded, frame.transfer))
        return frames
    with RandomAccess(reader.path, height_px=height) as pictures:
        frames = []
        for index in _chosen(first, min(last or pictures.count, pictures.count)):
            ((_, image),) = pictures.read(index)
            encoded = torch.from_numpy(image).permute(2, 0, 1).float() / 255
            stamp = round(float(pictures.times_s[index]) / tick)
            frames.append(Frame(index, stamp, 0, tick, encoded, info.transfer))
        return frames


def _chosen(first: int, stop: int) -> list[int]:
    if first >= stop:
        raise InputError(f"There is no frame {first} to show; the last one is {stop - 1}.")
    return sorted({round(at) for at in np.linspace(first, stop - 1, FRAMES)})
