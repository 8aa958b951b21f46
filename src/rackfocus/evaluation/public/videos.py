"""Measures of refocused videos, as Any-to-Bokeh (Yang et al. 2026) is evaluated by."""

import itertools
import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from rackfocus.metrics.image import psnr_of_displayed, ssim_of_displayed
from rackfocus.metrics.lpips import LPIPS
from rackfocus.metrics.video.edge_preservation import edge_preservation, smoothness
from rackfocus.metrics.video.flow import mean_component_error
from rackfocus.metrics.video.temporal import flow_warped_error, temporal_change_error
from rackfocus.metrics.video.video_distance import CLIP_FRAMES, VideoFID
from rackfocus.reading.pictures import read_pixels
from rackfocus.types import InputError
from rackfocus.video import open_video
from rackfocus.video.flow.consistency import consistent
from rackfocus.video.flow.optical_flow import OpticalFlow
from rackfocus.video.stills import STILL_SUFFIXES, numbered_images

DELTA_PX = 1.0
"""How far flow forward and back may end from where it began, for a pixel to count as visible in both."""

Codes = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True)
class Footage:
    """A refocused video and what it is compared with: files, or folders of numbered pictures.

    Attributes:
        name: for the table.
        video: to be measured.
        truth: the video that it should be. `None`: unknown.
        sharp: the deep-focus video of which it was made. `None`: unknown.
        masks: a folder of pictures, one for each frame, not black on the subject in focus. `None`: unknown.
    """

    name: str
    video: Path
    truth: Path | None = None
    sharp: Path | None = None
    masks: Path | None = None


@dataclass(frozen=True)
class VideoScore:
    """The scores of a video; NaN: what it is to be compared with is unknown. Frames are encoded, in 0..1.

    Attributes:
        video: its name.
        frames: how many it has.
        psnr: mean over frames of the PSNR with the truth in dB.
        ssim: mean over frames of the SSIM with the truth.
        lpips: mean over frames of LPIPS (AlexNet) with the truth.
        change_error: mean of `|(x_{t+1} - x_t) - (y_{t+1} - y_t)|`, the temporal consistency RM.
        flow_error: mean absolute difference in pixels of the flow in the video and in the truth.
        vepi: mean edge preservation within the subject; needs `sharp` and `masks`.
        vepi_smoothness: how evenly that runs, 1 is the best.
        warped_error: mean absolute change from frame to frame along the motion, where it is visible: along
            that in `sharp`, if it is known, which blur does not hide.
    """

    video: str
    frames: int
    psnr: float
    ssim: float
    lpips: float
    change_error: float
    flow_error: float
    vepi: float
    vepi_smoothness: float
    warped_error: float


SCORES = tuple(field.name for field in fields(VideoScore) if field.name not in ("video", "frames"))
"""The names of the scores."""


def footage_of(
    video: str | Path, truth: str | Path | None, sharp: str | Path | None, masks: str | Path | None
) -> list[Footage]:
    """The videos to measure: one, or each in a folder of several, with what has the same name elsewhere.

    A folder that holds pictures is one video, any other folder holds several.

    Raises:
        InputError: one is missing, or a video has no counterpart.
    """
    videos = _named(Path(video))
    others = {
        what: _named(Path(path))
        for what, path in (("truth", truth), ("sharp", sharp), ("masks", masks))
        if path is not None
    }
    single = len(videos) == 1
    found = []
    for name, path in videos.items():
        own: dict[str, Path] = {}
        for what, paths in others.items():
            if single and len(paths) == 1:
                own[what] = next(iter(paths.values()))
            elif name in paths:
                own[what] = paths[name]
            else:
                raise InputError(f"{path} has no counterpart named {name} in {what}; add it.")
        found.append(Footage(name, path, **own))
    return found


@torch.inference_mode()
def score_video(
    footage: Footage, *, flow: OpticalFlow, lpips: LPIPS | None = None, distance: VideoFID | None = None
) -> VideoScore:
    """Measure one video, frame by frame; its clips, and those of its truth, are added to `distance`.

    Raises:
        InputError: a file cannot be read, the video has fewer than two frames, another has another number of
            frames, or the truth has another size.
    """
    values: dict[str, list[float]] = {name: [] for name in SCORES}
    clips: list[_Moment] = []
    before: _Moment | None = None
    frames = 0
    for moment in _moments(footage):
        frames += 1
        found = _beside_truth(moment, lpips) | _edges(moment)
        if before is not None:
            found |= _change(before, moment, flow)
        for name, value in found.items():
            values[name].append(value)
        clips.append(moment)
        if len(clips) == CLIP_FRAMES:
            if distance is not None:
                _add_clip(distance, clips)
            clips.clear()
        before = moment
    if frames < 2:
        raise InputError(f"{footage.video} has no two frames; name a video.")
    means = {name: sum(each) / len(each) if each else math.nan for name, each in values.items()}
    means["vepi_smoothness"] = smoothness(values["vepi"]) if values["vepi"] else math.nan
    return VideoScore(footage.name, frames, **means)


@dataclass(frozen=True)
class _Moment:
    """A frame of the video, and those that belong to it."""

    video: Float[Tensor, "3 height width"]
    truth: Float[Tensor, "3 height width"] | None = None
    sharp: Float[Tensor, "3 rows columns"] | None = None
    subject: Bool[np.ndarray, "mask_rows mask_columns"] | None = None


def _moments(footage: Footage) -> Iterator[_Moment]:
    """The frames, together.

    Raises:
        InputError: as `score_video`.
    """
    given = {
        "video": footage.video,
        "truth": footage.truth,
        "sharp": footage.sharp,
        "subject": footage.masks,
    }
    paths = {what: path for what, path in given.items() if path is not None}
    with ExitStack() as stack:
        streams: list[Iterator[Any]] = [
            _masks(path)
            if what == "subject"
            else (frame.encoded for frame in stack.enter_context(open_video(path)).frames())
            for what, path in paths.items()
        ]
        for index, frames in enumerate(itertools.zip_longest(*streams)):
            found = dict(zip(paths, frames, strict=True))
            for what, frame in found.items():
                if frame is None:
                    raise InputError(
                        f"{paths[what]} has {index} frames, fewer than what belongs to it; "
                        "give as many of each."
                    )
            if "truth" in found and found["truth"].shape != found["video"].shape:
                (rows, columns), (height, width) = found["video"].shape[1:], found["truth"].shape[1:]
                raise InputError(
                    f"{footage.video} is {columns}x{rows} pixels where its truth has {width}x{height}; "
                    "make it of the same size."
                )
            yield _Moment(**found)


def _beside_truth(moment: _Moment, lpips: LPIPS | None) -> dict[str, float]:
    """The scores of a frame beside the true one."""
    if moment.truth is None:
        return {}
    seen, true = moment.video[None], moment.truth[None]
    found = {"psnr": psnr_of_displayed(seen, true).item(), "ssim": ssim_of_displayed(seen, true).item()}
    return found if lpips is None else found | {"lpips": lpips.of_displayed(seen, true).item()}


def _edges(moment: _Moment) -> dict[str, float]:
    """The edges of the subject in a frame beside those of the sharp one."""
    if moment.sharp is None or moment.subject is None:
        return {}
    return {"vepi": edge_preservation(_codes(moment.sharp), _codes(moment.video), moment.subject)}


def _add_clip(distance: VideoFID, clip: list[_Moment]) -> None:
    """Add a clip of the video, and that of its truth."""
    distance.update(torch.stack([moment.video for moment in clip]), real=False)
    true = [moment.truth for moment in clip if moment.truth is not None]
    if true:
        distance.update(torch.stack(true), real=True)


def _change(before: _Moment, after: _Moment, flow: OpticalFlow) -> dict[str, float]:
    """The scores of the change between two frames."""
    found = {}
    if before.truth is not None and after.truth is not None:
        seen = _flow(flow, before.video, after.video)
        found["flow_error"] = mean_component_error(seen, _flow(flow, before.truth, after.truth)).item()
        change = temporal_change_error(before.video, after.video, before.truth, after.truth)
        found["change_error"] = change.item()
    size = before.video.shape[1:]
    moving = [
        moment.sharp if moment.sharp is not None and moment.sharp.shape[1:] == size else moment.video
        for moment in (before, after)
    ]
    there, back = _flow(flow, *moving), _flow(flow, *moving[::-1])
    visible = consistent(there, back, DELTA_PX)
    if visible.any():
        found["warped_error"] = flow_warped_error(before.video, after.video, there, visible).item()
    return found


def _named(path: Path) -> dict[str, Path]:
    if not path.exists():
        raise InputError(f"{path} is missing; name a video, a folder of its frames, or a folder of videos.")
    entries = (
        [each for each in sorted(path.iterdir()) if not each.name.startswith(".")] if path.is_dir() else []
    )
    if not entries or any(each.suffix.lower() in STILL_SUFFIXES for each in entries):
        return {path.stem: path}
    return {each.stem: each for each in entries}


def _masks(folder: Path) -> Iterator[Bool[np.ndarray, "rows columns"]]:
    for path in numbered_images(folder):
        yield read_pixels(path, cv2.IMREAD_GRAYSCALE, "cannot be read as a mask; replace it.") > 0


def _flow(
    flow: OpticalFlow, first: Float[Tensor, "3 height width"], second: Float[Tensor, "3 height width"]
) -> Float[Tensor, "2 height width"]:
    return torch.from_numpy(flow(_codes(first), _codes(second))).permute(2, 0, 1)


def _codes(encoded: Float[Tensor, "3 height width"]) -> Codes:
    codes = (encoded.clamp(0, 1) * 255).round().to(torch.uint8)
    return np.ascontiguousarray(codes.permute(1, 2, 0).numpy())
