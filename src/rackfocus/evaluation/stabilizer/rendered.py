"""Quality of videos rendered with stabilised disparity: flicker, and temporal errors against the truth."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.evaluation.stabilizer.clips import Clip
from rackfocus.metrics.disparity import align_affine
from rackfocus.metrics.video.flow import flow_difference
from rackfocus.metrics.video.temporal import temporal_change_error
from rackfocus.metrics.video.temporal_flicker import flicker_curve, high_frequency_energy, near_saturated
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.optics.radiometry import linear_to_srgb, srgb_to_linear
from rackfocus.optics.renderer import Renderer
from rackfocus.types import RGBDHDR
from rackfocus.video.flow.optical_flow import OpticalFlow
from rackfocus.video.stabilizer.stabilizer import Stabilizer

REACH = 0.02
"""Half the side of the square around saturated pixels, where bokeh is measured, over the longer side."""

Video = list[Float[Tensor, "3 height width"]]


@dataclass(frozen=True)
class RenderedScore:
    """The scores of one method (a stabiliser, or `per frame`) on one clip, rendered at f/2 with one focus.

    `flicker` is the root of the high-frequency energy of Fig. 3A's curve, in 8-bit codes, NaN without
    saturated pixels. `change_error` (RM, in 8-bit codes) and `flow_difference` (tOF, in pixels) are against
    the video rendered with the true disparity; NaN without it.
    """

    clip: str
    method: str
    flicker: float
    change_error: float
    flow_difference: float


@torch.inference_mode()
def estimate_clip(clip: Clip, network: RGBDHDREstimator, *, network_size_px: int | None) -> list[RGBDHDR]:
    """The network's `D` and `E` of each frame, without a filter; `D` is aligned to the truth, if known.

    One scale and offset is used for the whole clip, so that the focus is the same and flicker is not reduced.
    """
    images = (torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 255 for frame in clip.frames)
    found = [network(image, network_size_px=network_size_px) for image in images]
    if clip.disparity is None:
        return found
    own = torch.stack([each.disparity[0] for each in found])
    aligned = align_affine(own, torch.stack(clip.disparity))
    return [
        RGBDHDR(disparity[None], each.log_exposure) for disparity, each in zip(aligned, found, strict=True)
    ]


def stabilize_clip(clip: Clip, estimates: Sequence[RGBDHDR], stabilizer: Stabilizer) -> list[RGBDHDR]:
    """`D` and `E` after the filter."""
    given_back = []
    for frame, each in zip(clip.frames, estimates, strict=True):
        given_back += stabilizer.push(frame, each.disparity[0], each.log_exposure[0])
    given_back += stabilizer.finish()
    return [RGBDHDR(one.disparity[None], one.log_exposure[None]) for one in given_back]


@torch.inference_mode()
def rendered(clip: Clip, estimates: Sequence[RGBDHDR], renderer: Renderer) -> Video:
    """The clip at f/2 as sRGB; the focal plane is where `D` is 0."""
    video = []
    for frame, each in zip(clip.frames, estimates, strict=True):
        linear = srgb_to_linear(torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 255)
        video.append(linear_to_srgb(renderer(linear, each.disparity, each.log_exposure).clamp(0, 1))[0])
    return video


def rendered_truth(clip: Clip, renderer: Renderer) -> Video | None:
    """The clip rendered with the true disparity. `None`: it is unknown."""
    if clip.disparity is None:
        return None
    dark = torch.zeros(1, 3, *clip.disparity[0].shape[1:])
    return rendered(clip, [RGBDHDR(each[None], dark) for each in clip.disparity], renderer)


def score_rendered(
    clip: Clip, method: str, video: Video, truth: Video | None, flow: OpticalFlow
) -> RenderedScore:
    """Measure the video of one method; `flow` computes the motion in both."""
    reach_px = max(1, round(REACH * max(clip.frames[0].shape[:2])))
    sharp = (torch.from_numpy(frame).permute(2, 0, 1).float() / 255 for frame in clip.frames)
    near = [near_saturated(frame, reach_px=reach_px) for frame in sharp]
    flicker = change = motion = math.nan
    if any(bool(where.any()) for where in near):
        flicker = 255 * float(high_frequency_energy(flicker_curve(video, near)).sqrt())
    if truth is not None:
        steps = list(zip(video, video[1:], truth, truth[1:], strict=False))
        change = 255 * float(torch.stack([temporal_change_error(*step) for step in steps]).mean())
        motion = float(
            torch.stack([flow_difference(flow, (one, other), (a, b)) for one, other, a, b in steps]).mean()
        )
    return RenderedScore(clip.name, method, flicker, change, motion)
