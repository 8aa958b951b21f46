"""Layers of the renderer F(I, D, E) and how they are blended: the maths that all backends share.

Notation (Sec. 4.1 of the paper):
    I'   radiance, I exp(kE)                                              Eq. 4
    M_d  soft matte of disparity level d, exp(-2.8 (D - d)^2)             Eq. 2
    w_d  share of a pixel that is in level d; sums to 1 over d: M_d / sum_e M_e, or by area (below)
    c_d  (I' w_d) * K_|d|, the level's blurred light                      K_r: the lens's kernel, unit sum
    a_d  w_d * K_|d|, the level's blurred coverage
Levels are integers. The output is sum_d s_d c_d / sum_d s_d a_d; a formulation defines `s_d`:

    weighted_sum   1: no level occludes another (Srinivasan et al. 2018, normalised)
    transmittance  prod over the levels f in front of d by more than 2 of (1 - a_f)
    coverage       min(a_d, room left by the levels in front) / a_d, plus a fill behind all levels

The output has to be normalised because neighbouring mattes M_d do not sum to 1. Eq. 3 as printed
(`reference.paper`) is not: it renders a constant image of 1 as .748 at half-integer disparity and as .48 to
1.49 around a defocused foreground disk, with dark rings at silhouettes.

Coverage is the most accurate, for three reasons. (1) Two surfaces that meet at a silhouette share the lens:
the farther one is seen through exactly the part of the aperture that the nearer one leaves free. So their
coverages add up to one; they do not multiply. (2) The background hidden by a defocused foreground is seen
through its blurred edge but is missing in the deep-DOF image. The fill replaces it: each pixel beside a
nearer surface is spread a second time, behind all levels, as wide as that surface is blurred. (3) Levels are
mixed by area, 1 - t at n and t at n + 1 with t = (D^2 - n^2) / (2n + 1) for n = floor |D|, so that the mean
of r^2 over the two disks is D^2, as for a disk of radius |D|.
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
"""A pixel is in no level further than this from its disparity; there `M` is below 1.4e-5."""

OCCLUSION_GAP = 2
"""For `transmittance`, a level occludes levels more than this far behind it; nearer ones are one surface."""

ROOM_SLACK = 1e-4
"""Tolerance on the sum of coverages. On a flat surface the sum is exactly one; without the tolerance,
rounding would decide whether the room is full, and so what the gradient is."""

FILL_STEP_PX, FILL_STEP = 1.0, 1 / 8
"""A surface is in front of a neighbouring pixel if its disparity is less by more than this many pixels plus
this share of its own blur radius. Surfaces of nearly equal blur need no fill, nor do slopes."""


Shares = Callable[[int], Tensor]


class Blend(IntEnum):
    """How a level is blended with those in front of it; see the module."""

    WEIGHTED_SUM = 0
    TRANSMITTANCE = 1
    COVERAGE = 2


class Formulation(NamedTuple):
    """A way to blend.

    Attributes:
        blend: how a level is blended with those in front.
        shares: `disparity -> level -> w_d`, the share of each pixel that is in a level.
        fill: whether pixels beside a nearer surface are spread a second time behind it.
    """

    blend: Blend
    shares: Callable[[Tensor], Shares]
    fill: bool


def matte(
    disparity: Float[Tensor, "batch 1 height width"], level: float | Tensor
) -> Float[Tensor, "batch 1 height width"]:
    """`M(D, d)` of Eq. 2, 0 beyond `MATTE_REACH`."""
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
    """The two levels next to `D`, mixed so that the mean of `r^2` is `D^2`, as a function of the level."""
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
    """The radius by which the fill spreads each pixel: the blur radius of a nearer surface beside it, else 0.

    A pixel is beside a nearer surface if that is within twice the surface's blur radius, searched in squares
    of 3, 7, 15 ... pixels. It has no gradient.
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
    """The minimum of nine pixels that are `step` apart; pixels outside the picture are left out."""
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
