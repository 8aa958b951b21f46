"""Ordinal errors of depth maps of any units: whether pairs of points are in the right order."""

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rackfocus.metrics.masks import signed_distance_px

PAIRS = 50_000
LEAST_DIFFERENCE = 0.05
"""Pairs that differ by less than this share of the truth's range (2nd to 98th percentile) are left out."""
MASK_STEP_PX = 6.0
"""Distance of the points of a pair of `mask_order` from the boundary."""

_SMOOTHING_PX = 2.0
"""Smoothing of the distance to the boundary for its normals, which removes the steps of pixels."""


def whdr(
    nearness: Float[Tensor, "*shape"],
    truth: Float[Tensor, "*shape"],
    *,
    generator: torch.Generator,
    valid: Bool[Tensor, "*shape"] | None = None,
) -> Float[Tensor, ""]:
    """The share of random pairs of pixels whose order in depth is wrong; 0 to 1, lower is better.

    WHDR of Chen et al. 2016 (Depth in the Wild, DIW), with all weights 1, over those of `PAIRS` random pairs
    of valid pixels whose truth differs clearly. The usual threshold is on the ratio of two depths, which is
    undefined for a map without scale and shift: here it is on their difference, relative to the range. A tie
    counts as half wrong, so a constant map gets 0.5. In both maps larger is nearer; NaN where no pair differs
    clearly.
    """
    known = torch.ones_like(truth, dtype=torch.bool) if valid is None else valid
    predicted, wanted = nearness[known], truth[known]
    if len(wanted) < 2:
        return torch.tensor(torch.nan)
    first, second = torch.randint(len(wanted), (2, PAIRS), generator=generator).to(wanted.device)
    ordered = wanted.sort().values
    low, high = ordered[round(0.02 * (len(ordered) - 1))], ordered[round(0.98 * (len(ordered) - 1))]
    difference = wanted[first] - wanted[second]
    clear = difference.abs() > LEAST_DIFFERENCE * (high - low)
    agreement = torch.sign(difference) * torch.sign(predicted[first] - predicted[second])
    return ((1 - agreement) / 2)[clear].mean()


def mask_order(
    nearness: Float[Tensor, "height width"], mask: Bool[Tensor, "height width"]
) -> Float[Tensor, ""]:
    """The share of pairs of points across the boundary of a subject of which the inner one is nearer.

    The pairs are those of `pairs_across`. 0 to 1, higher is better, .5 is chance; a tie counts as half. Where
    a subject stands on the ground both points are equally far, so even a true map gets less than 1. Nearness
    may have any scale; NaN where there is no pair.
    """
    inner, outer = pairs_across(mask)
    difference = nearness[inner[0], inner[1]] - nearness[outer[0], outer[1]]
    return ((torch.sign(difference).double() + 1) / 2).mean()


def pairs_across(mask: Bool[Tensor, "height width"]) -> tuple[Int[Tensor, "2 pair"], Int[Tensor, "2 pair"]]:
    """Points `MASK_STEP_PX` inside and outside of the boundary, along its normal, for each pixel of it.

    Pairs are left out if a point lies outside the picture or on the wrong side, as at thin parts.

    Returns:
        Rows and columns of the inner points, and of the outer ones.
    """
    distance = signed_distance_px(mask)
    if distance.isinf().any():
        return torch.empty(2, 0, dtype=torch.long), torch.empty(2, 0, dtype=torch.long)
    smooth = cv2.GaussianBlur(distance.cpu().numpy(), (0, 0), _SMOOTHING_PX)
    inward = torch.from_numpy(np.stack(np.gradient(smooth)))
    at = torch.nonzero((distance.cpu() > 0) & (distance.cpu() < 1.2)).T  # next to a pixel outside the mask
    normal = inward[:, at[0], at[1]]
    step = MASK_STEP_PX * normal / normal.norm(dim=0).clamp_min(1e-6)
    inner, outer = (at + step).round().long(), (at - step).round().long()
    size = torch.tensor(mask.shape)[:, None]
    seen = ((inner >= 0) & (inner < size) & (outer >= 0) & (outer < size)).all(0)
    inner, outer = (points[:, seen].to(mask.device) for points in (inner, outer))
    right = mask[inner[0], inner[1]] & ~mask[outer[0], outer[1]]
    return inner[:, right], outer[:, right]
