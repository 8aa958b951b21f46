"""Quality of stabilised disparity: how much steadier it is, and whether edges and depth are preserved."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from rackfocus.evaluation.stabilizer.clips import Clip
from rackfocus.metrics.boundary import boundary_f1
from rackfocus.metrics.disparity import align_affine
from rackfocus.metrics.video.temporal import flow_warped_error, temporal_alignment_error
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.video.stabilizer.stabilizer import Stabilizer

SUBJECT_PX = 10.0
"""Disparity in pixels by which a mask's subject is in front of the rest."""
PUMPING, BLOTCHES, GRAIN = 0.05, 0.1, 0.1
"""Noise added to each frame independently, relative to the spread of `D`: of its gain and its level; smooth
noise with a scale of a fortieth of the longer side; and noise of each pixel."""
NEAREST_M, FARTHEST_M = 0.3, 20.0
"""Limits of aligned depth for the temporal alignment error, since an inverse depth of 0 is infinitely far."""

Maps = list[Float[Tensor, "1 height width"]]


@dataclass(frozen=True)
class Score:
    """The scores of one method on one clip.

    Attributes:
        clip: its name.
        maps: the stabilised maps: `network`, `network + noise`, `mask`, `mask + noise`, `truth`,
            `truth + noise`.
        method: the stabiliser, or `per frame`.
        warped_error: of `D` between successive frames, in pixels.
        boundary_f1: of depth edges against the masks' edges; NaN without masks.
        alignment_error: TAE; NaN without poses.
        kept_error: mean absolute difference from the maps without noise, in pixels.
    """

    clip: str
    maps: str
    method: str
    warped_error: float
    boundary_f1: float
    alignment_error: float
    kept_error: float


@torch.inference_mode()
def estimated(clip: Clip, network: RGBDHDREstimator, *, network_size_px: int | None) -> Maps:
    """The network's `D` of each frame, without a filter."""
    images = (torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 255 for frame in clip.frames)
    return [network(image, network_size_px=network_size_px).disparity[0].clone() for image in images]


def inputs(clip: Clip, disparities: Maps, *, seed: int) -> dict[str, tuple[Maps, Maps]]:
    """The maps to stabilise, by name: each with noise, and the same without."""
    found = {
        "network": (disparities, disparities),
        "network + noise": (with_noise(disparities, seed=seed), disparities),
    }
    if clip.masks is not None:
        masks = [-SUBJECT_PX * mask[None].float() for mask in clip.masks]
        found["mask"] = (masks, masks)
        found["mask + noise"] = (with_noise(masks, seed=seed), masks)
    if clip.disparity is not None:
        found["truth"] = (clip.disparity, clip.disparity)
    if clip.posed is not None:
        truth = [_disparity(depth) for depth in clip.posed.depth]
        found["truth + noise"] = (with_noise(truth, seed=seed), truth)
    return found


def with_noise(disparities: Maps, *, seed: int) -> Maps:
    """Add independent noise like a network's to every frame: of gain and level, smooth, and per pixel."""
    random = torch.Generator().manual_seed(seed)
    spread = torch.stack(disparities).std()
    noisy = []
    for disparity in disparities:
        size = disparity.shape[1:]
        cell = max(size) / 40
        small = torch.randn(1, 1, *(max(2, math.ceil(side / cell)) for side in size), generator=random)
        blotches = F.interpolate(small, size=size, mode="bicubic")[0]
        gain, level = torch.randn(2, generator=random) * PUMPING
        grain = torch.randn(disparity.shape, generator=random)
        noisy.append(disparity * (1 + gain) + spread * (level + BLOTCHES * blotches + GRAIN * grain))
    return noisy


def stabilized(clip: Clip, disparities: Maps, stabilizer: Stabilizer) -> Maps:
    """The maps after the filter."""
    dark = torch.zeros(3, *disparities[0].shape[1:])
    given_back = []
    for frame, disparity in zip(clip.frames, disparities, strict=True):
        given_back += stabilizer.push(frame, disparity, dark)
    given_back += stabilizer.finish()
    return [one.disparity for one in given_back]


def score(clip: Clip, name: str, method: str, disparities: Maps, without_noise: Maps) -> Score:
    """Measure one method's maps."""
    steps = zip(disparities, disparities[1:], clip.motions, strict=False)
    errors = [flow_warped_error(one, other, step.flow, step.visible) for one, other, step in steps]
    edges = [
        boundary_f1(disparity[0], mask.float())
        for disparity, mask in zip(disparities, clip.masks or [], strict=False)
    ]
    pairs = zip(disparities, without_noise, strict=True)
    return Score(
        clip=clip.name,
        maps=name,
        method=method,
        warped_error=_mean(errors),
        boundary_f1=_mean(edges),
        alignment_error=_alignment_error(clip, disparities),
        kept_error=_mean([(one - other).abs().mean() for one, other in pairs]),
    )


def _mean(values: Sequence[Tensor]) -> float:
    return float(torch.stack([value.double() for value in values]).nanmean()) if values else math.nan


def _disparity(depth: Float[Tensor, "1 height width"]) -> Float[Tensor, "1 height width"]:
    """`D` of a lens focused at a metre, 10 pixels at infinity; unknown depth is put in the focal plane."""
    return torch.where(depth > 0, 10 * (1 - 1 / depth.clamp_min(0.1)), 0.0)


def _alignment_error(clip: Clip, disparities: Maps) -> float:
    """TAE, after one scale and shift for the whole clip."""
    if clip.posed is None:
        return math.nan
    depth = torch.stack(clip.posed.depth)
    valid = depth > 0
    inverse = align_affine(torch.stack(disparities), 1 / depth.clamp_min(1e-3), valid=valid)
    aligned = 1 / inverse.clamp(1 / FARTHEST_M, 1 / NEAREST_M)
    steps = zip(aligned, aligned[1:], valid, valid[1:], clip.posed.motions, strict=False)
    return _mean(
        [
            temporal_alignment_error(
                one,
                other,
                intrinsics=clip.posed.intrinsics,
                motion=motion,
                valid=seen,
                following_valid=seen_next,
            )
            for one, other, seen, seen_next, motion in steps
        ]
    )
