"""Isolation of a subject by blur: the subject is sharp and its surroundings are not.

The focal plane is at the median disparity `m` of the subject, unless another is given; `|D - m|` is then the
blur radius at f/2.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rackfocus.metrics.masks import LINES, surroundings

SHARP_PX = 1.0
"""A smaller blur radius counts as sharp, in pixels at `LINES` lines."""
SOFT_PX = 2.0
"""A larger blur radius counts as soft, in pixels at `LINES` lines."""


def isolation(
    disparity: Float[Tensor, "height width"],
    mask: Bool[Tensor, "height width"],
    focal_disparity: float | None = None,
) -> Float[Tensor, ""]:
    """The share of pairs (pixel of the subject, pixel of its surroundings) whose second pixel is blurred
    more.

    All pairs count, a tie as half; .5 is chance, 1 the best. Scale, sign and shift of the disparity do not
    matter. NaN where the subject or its surroundings are empty.

    Args:
        disparity: in any unit.
        mask: of the subject.
        focal_disparity: of the focal plane, in the same unit; `None`: the median of the subject.
    """
    ring = surroundings(mask)
    if not mask.any() or not ring.any():
        return torch.tensor(torch.nan)
    blur = blur_radius(disparity, mask) if focal_disparity is None else (disparity - focal_disparity).abs()
    subject, others = blur[mask].sort().values, blur[ring]
    less, not_more = (torch.searchsorted(subject, others, right=right).double() for right in (False, True))
    return (less + not_more).mean() / (2 * len(subject))


def sharp_share(
    disparity_px: Float[Tensor, "height width"], mask: Bool[Tensor, "height width"]
) -> Float[Tensor, ""]:
    """The share of the subject whose blur at f/2 is below `SHARP_PX`, from `D` in pixels; NaN without a
    subject.
    """
    return (_at_lines(disparity_px, mask)[mask] < SHARP_PX).double().mean()


def soft_share(
    disparity_px: Float[Tensor, "height width"], mask: Bool[Tensor, "height width"]
) -> Float[Tensor, ""]:
    """The share of the surroundings whose blur at f/2 is above `SOFT_PX`; NaN if they or the subject are
    empty.
    """
    return (_at_lines(disparity_px, mask)[surroundings(mask)] > SOFT_PX).double().mean()


def blur_radius(
    disparity: Float[Tensor, "height width"], mask: Bool[Tensor, "height width"]
) -> Float[Tensor, "height width"]:
    """`|D - m|` in the unit of the disparity; NaN for an empty mask."""
    subject = disparity[mask]
    return (disparity - (subject.median() if len(subject) else torch.nan)).abs()


def _at_lines(disparity_px: Tensor, mask: Tensor) -> Tensor:
    return blur_radius(disparity_px, mask) * (LINES / disparity_px.shape[0])
