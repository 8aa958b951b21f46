"""From a deep-focus video to a shallow-focus one, a frame at a time."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.models.checkpoints import SHIPPED, load_model
from rackfocus.optics.radiometry import TRANSFER_CURVES, linear_to_srgb
from rackfocus.optics.renderer import Renderer
from rackfocus.optics.thin_lens import refocus_disparity
from rackfocus.types import InputError, Lens
from rackfocus.video import VideoInfo, VideoWriter, open_video

Focus = tuple[float, float] | float | None
"""A point `(x, y)` in pixels of the source video, a disparity in its pixels, or none: the network's plane."""

NEIGHBOURHOOD = 0.01
"""Half the width of the square over which a focus point's disparity is read, over the frame's diagonal."""


def refocus(
    source: str | Path,
    target: str | Path,
    *,
    focus: Focus = None,
    f_number: float | None = None,
    lens: Lens | None = None,
    model: RGBDHDREstimator | str | Path = SHIPPED,
    renderer: Renderer | None = None,
    first: int = 0,
    last: int | None = None,
    scale: float = 1.0,
    network_size_px: int | None = 384,
    fps: float = 24,
    progress: Callable[[int, int | None], None] | None = None,
) -> int:
    """Render `source` with the depth of field of a large lens into `target`.

    One frame is held at a time, so that memory does not grow with the video. The target appears when it is
    whole; rate, time stamps, rotation, colour tags and sound are the source's.

    Args:
        source: a video, or a folder of frames.
        target: the video to write (`.mp4`, `.mov`, `.mkv`).
        focus: what is sharp. The disparity of a point is read anew in every frame.
        f_number: overrides the lens's own.
        lens: the lens to render with; disparity is the blur radius at its reference aperture.
        model: what estimates disparity and HDR (a network, or `Assembled` from other models), the checkpoint
            of a network, or the name of the one that comes with the package.
        renderer: the forward model; `coverage` by default.
        first: the first frame.
        last: the frame after the last one; none means the end.
        scale: size of the output over that of the source, in (0, 1].
        network_size_px: the longer side of what the network sees; none means the whole frame.
        fps: frames a second, where the source is a folder of frames.
        progress: called with frames done and frames in all, the latter None where unknown.

    Returns:
        The number of frames written.

    Raises:
        InputError: the source cannot be read, the target cannot be written, the point lies outside the
            frame, or a setting is out of range.
    """
    lens = lens or Lens()
    if f_number is not None:
        lens = dataclasses.replace(lens, f_number=f_number)
    _check_settings(focus, first, last, scale, network_size_px)
    renderer = renderer or Renderer()
    with open_video(Path(source), fps=fps) as reader:
        check_point(focus, reader.info)
        network = load_model(model) if isinstance(model, str | Path) else model
        size = _scaled(reader.info, scale)
        total = _frame_count(reader.info.frames, first, last)
        written = 0
        with VideoWriter(Path(target), reader, size=size) as writer:
            for frame in reader.frames(first, last):
                decode, encode = TRANSFER_CURVES[frame.transfer.value]
                linear = _resize(decode(frame.encoded[None]), size)
                point = _in_output(focus, reader.info, size)
                shallow = refocus_image(
                    linear, network, renderer, lens=lens, focus=point, network_size_px=network_size_px
                )
                writer.write(frame, encode(shallow[0]))
                written += 1
                if progress is not None:
                    progress(written, total)
            if written == 0:
                raise InputError(
                    f"{source} has no frame {first}; it has {reader.info.frames or 'fewer'} frames."
                )
    return written


@torch.inference_mode()
def refocus_image(
    linear_rgb: Tensor,
    network: RGBDHDREstimator,
    renderer: Renderer,
    *,
    lens: Lens,
    focus: Focus,
    network_size_px: int | None,
) -> Tensor:
    """Render one image `(1, 3, H, W)` in linear light; `focus` is in pixels of this image."""
    prediction = network(linear_to_srgb(linear_rgb.clamp(0, 1)), network_size_px=network_size_px)
    disparity = refocus_disparity(
        prediction.disparity, focal_disparity=focal_disparity(prediction.disparity, focus)
    )
    return renderer(linear_rgb, disparity, prediction.log_exposure, lens=lens)


def focal_disparity(disparity: Tensor, focus: Focus) -> float:
    """The disparity to bring into focus: the median about a point, so that no single pixel decides."""
    if focus is None:
        return 0.0
    if not isinstance(focus, tuple):
        return float(focus)
    height, width = disparity.shape[-2:]
    reach = max(1, round(NEIGHBOURHOOD * math.hypot(height, width)))
    column, row = (min(round(at), size - 1) for at, size in zip(focus, (width, height), strict=True))
    window = disparity[
        ..., max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1
    ]
    return window.median().item()


def check_point(focus: Focus, info: VideoInfo) -> None:
    """Raise InputError where a focus point lies outside the frame."""
    if not isinstance(focus, tuple):
        return
    x, y = focus
    if not (-0.5 <= x < info.width - 0.5 and -0.5 <= y < info.height - 0.5):
        raise InputError(
            f"The focus point ({x:g}, {y:g}) lies outside the frame of {info.width} x {info.height} pixels."
        )


def _check_settings(
    focus: Focus, first: int, last: int | None, scale: float, network_size_px: int | None
) -> None:
    if not isinstance(scale, int | float) or not 0 < scale <= 1:
        raise InputError(f"scale must lie above 0 and be at most 1, and is {scale}.")
    if network_size_px is not None and not (isinstance(network_size_px, int) and network_size_px >= 1):
        raise InputError(f"network_size_px must be a whole number of pixels, and is {network_size_px}.")
    if first < 0 or (last is not None and last <= first):
        raise InputError(f"The frames from {first} to {last} are no range.")
    if focus is not None and not all(map(math.isfinite, focus if isinstance(focus, tuple) else (focus,))):
        raise InputError(f"The focus must be finite numbers, and is {focus}.")


def _scaled(info: VideoInfo, scale: float) -> tuple[int, int]:
    """Width and height of the output; a scaled size is made even, which every player takes."""
    if scale == 1.0:
        return info.width, info.height
    return max(2, 2 * round(info.width * scale / 2)), max(2, 2 * round(info.height * scale / 2))


def _in_output(focus: Focus, info: VideoInfo, size: tuple[int, int]) -> Focus:
    """A focus of the source in pixels of the output; pixel centres lie at integers in both."""
    if focus is None:
        return None
    if not isinstance(focus, tuple):
        return focus * size[0] / info.width
    x, y = (
        (at + 0.5) * new / old - 0.5
        for at, new, old in zip(focus, size, (info.width, info.height), strict=True)
    )
    return (max(x, 0.0), max(y, 0.0))


def _resize(image: Tensor, size: tuple[int, int]) -> Tensor:
    width, height = size
    if image.shape[-2:] == (height, width):
        return image
    return F.interpolate(image, size=(height, width), mode="bilinear", antialias=True)


def _frame_count(frames: int | None, first: int, last: int | None) -> int | None:
    if frames is None:
        return None if last is None else last - first
    return max(0, (frames if last is None else min(frames, last)) - first)
