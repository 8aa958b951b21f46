"""How the layers of the renderer F(I, D, E) are made and how they meet: the maths that every backend shares.

Notation (Sec. 4.1 of the paper; RENDERER.md):
    I'   radiance, I exp(kE)                                              Eq. 4
    M_d  soft matte of disparity level d, exp(-2.8 (D - d)^2)             Eq. 2
    w_d  how much of a pixel is in level d, a partition of unity: M_d / sum_e M_e, or by area (below)
    c_d  (I' w_d) * K_|d|, the level's blurred light                      K_r: the lens's kernel, unit sum
    a_d  w_d * K_|d|, the level's blurred coverage
Levels are integers. What is drawn is sum_d s_d c_d / sum_d s_d a_d, and a formulation says what `s_d` is:

    weighted_sum   1: nothing hides anything (Srinivasan et al. 2018, normalised)
    transmittance  prod over the levels f in front of d by more than 2 of (1 - a_f)
    coverage       min(a_d, room left by the levels in front) / a_d, and behind all levels there is a fill

Coverage is nearer to the truth for three reasons. Two surfaces that meet at a silhouette share the lens: what
the nearer one leaves is just what the farther one has there, so coverages add up to one and do not multiply.
What a defocused foreground hides is seen through its edge, and the deep image does not show it; so each pixel
beside a nearer surface is spread a second time, behind everything, as wide as that surface is blurred. And
its levels are mixed by area, 1 - t at n and t at n + 1 with t = (D^2 - n^2) / (2n + 1) for n = floor |D|, so
that the mean of r^2 over the mixture is D^2, as it is for a disk of radius |D|.
"""

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

MATTE_FALLOFF = 2.8
"""`lambda` of Eq. 2."""

MATTE_REACH = 2
"""Levels further than this from a pixel's disparity hold none of it; there `M` is below 1.4e-5."""

OCCLUSION_GAP = 2
"""In the product of transmittances a level hides those more than this far behind; others are one surface."""

ROOM_SLACK = 1e-4
"""How much more than one the coverages may add up to. Else rounding would decide whether a flat surface,
whose coverages add up to exactly one, is full, and with it the gradient."""

FILL_STEP_PX, FILL_STEP = 1.0, 1 / 8
"""A surface is in front of a pixel beside it when its disparity is less by more than this much and, besides,
this share of its own blur: blurs that are nearly the same hide nothing, and slopes are no silhouettes."""


Shares = Callable[[int], Tensor]


class Blend(IntEnum):
    """How a level meets those in front of it; see the module."""

    WEIGHTED_SUM = 0
    TRANSMITTANCE = 1
    COVERAGE = 2


class Formulation(NamedTuple):
    """A way to blend.

    Attributes:
        blend: how a level meets those in front.
        shares: `disparity -> level -> w_d`, the share of each pixel that is in a level.
        fill: whether pixels beside a nearer surface are spread a second time behind it.
    """

    blend: Blend
    shares: Callable[[Tensor], Shares]
    fill: bool


def matte(
    disparity: Float[Tensor, "batch 1 height width"], level: float | Tensor
) -> Float[Tensor, "batch 1 height width"]:
    """`M(D, d)` of Eq. 2, cut where it vanishes."""
    distance = disparity - level
    return torch.exp(-MATTE_FALLOFF * distance**2) * (distance.abs() <= MATTE_REACH)


def soft_shares(disparity: Float[Tensor, "batch 1 height width"]) -> Shares:
    """`M_d / sum_e M_e` of Eq. 2, as a function of the level."""
    floor = disparity.detach().floor()
    total = matte(disparity, floor)
    for step in (-2, -1, 1, 2, 3):
        total = total + matte(disparity, floor + step)
    return lambda level: matte(disparity, level) / total


def area_shares(disparity: Float[Tensor, "batch 1 height width"]) -> Shares:
    """The two levels about `D`, mixed so that the mean of `r^2` is `D^2`, as a function of the level."""
    size = disparity.abs()
    inner = size.detach().floor()
    outer_share = (size**2 - inner**2) / (2 * inner + 1)
    side = torch.where(disparity < 0, -1, 1)
    inner, outer = side * inner, side * (inner + 1)
    return lambda level: (1 - outer_share) * (inner == level) + outer_share * (outer == level)


FORMULATIONS: Mapping[str, Formulation] = {
    "coverage": Formulation(Blend.COVERAGE, area_shares, fill=True),
    "transmittance": Formulation(Blend.TRANSMITTANCE, soft_shares, fill=False),
    "weighted_sum": Formulation(Blend.WEIGHTED_SUM, soft_shares, fill=False),
}


@torch.no_grad()
def fill_radius(
    disparity: Float[Tensor, "batch 1 height width"],
) -> Float[Tensor, "batch 1 height width"]:
    """How wide each pixel is spread behind everything else: as the surface beside it is blurred; else 0.

    A pixel is beside a nearer surface if that is within twice its own blur radius, looked for in squares of
    3, 7, 15 ... pixels. No gradient passes.
    """
    nearest = disparity
    radius = torch.zeros_like(disparity)
    largest = float(disparity.abs().max())
    step, reach = 1, 1
    while reach <= 2 * largest and step < max(disparity.shape[-2:]):
        nearest = _least_around(nearest, step)
        size = nearest.abs()
        beside = (nearest + FILL_STEP * size < disparity - FILL_STEP_PX) & (2 * size >= reach)
        radius = torch.where(beside, torch.maximum(radius, size), radius)
        step *= 2
        reach += step
    return radius


def _least_around(image: Tensor, step: int) -> Tensor:
    """The least of nine pixels that are `step` apart; outside there are none."""
    for axis in (-1, -2):
        size = image.shape[axis]
        if step < size:
            least = image.clone()
            torch.minimum(
                least.narrow(axis, step, size - step),
                image.narrow(axis, 0, size - step),
                out=least.narrow(axis, step, size - step),
            )
            torch.minimum(
                least.narrow(axis, 0, size - step),
                image.narrow(axis, step, size - step),
                out=least.narrow(axis, 0, size - step),
            )
            image = least
    return image
