"""Search for aperture and focus of a photograph by rendering, because a deep-DOF image does not show them.

Others search the blur strength that renders an image closest to its photograph (BokehMe, Peng et al. 2022,
and successors). Here the focal plane is searched, too, for which they use given masks. The search is the same
for all methods, and disparity is first scaled to a common range, so that only its shape matters.
"""

import itertools
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.evaluation.images.examination import reduced_size, shrink
from rackfocus.metrics.image import psnr
from rackfocus.optics.renderer import render

STRENGTHS = (0.0025, 0.005, 0.01, 0.02, 0.04)
"""Blur radius of the whole range of disparity, as a share of the longer side."""
FOCI = tuple(i / 8 for i in range(9))
"""Position of the focal plane in the range, from the nearest to the farthest."""
COARSE_PX, FINE_PX = 160, 256
"""Longer side of the pictures in the search: the grid at the smaller, then halved steps at the larger one."""
REFINEMENTS = 2
_RANGE = (0.02, 0.98)


@dataclass(frozen=True)
class Blur:
    """Aperture and focus, in units of `normalise`: the blur radius of the whole range of disparity, as a
    share of the longer side (0: no blur), and the position of the focal plane in that range.
    """

    strength: float = 0.0
    focus: float = 0.5


def normalise(disparity: Float[Tensor, "1 1 height width"]) -> Float[Tensor, "1 1 height width"]:
    """Scale to 0 at the 2nd percentile (the nearest) and 1 at the 98th, clamped. A constant map becomes 0."""
    ordered = disparity.flatten().sort().values
    low, high = (ordered[round(share * (len(ordered) - 1))] for share in _RANGE)
    # Differences due to rounding are not depth.
    if high - low <= 1e-6 * max(abs(low), abs(high)):
        return torch.zeros_like(disparity)
    return ((disparity - low) / (high - low)).clamp(0, 1)


def render_blur(
    radiance: Float[Tensor, "1 3 height width"], normalised: Float[Tensor, "1 1 height width"], blur: Blur
) -> Float[Tensor, "1 3 height width"]:
    """Render the photograph with this blur."""
    disparity = blur.strength * max(radiance.shape[-2:]) * (normalised - blur.focus)
    return radiance if blur.strength == 0 else render(radiance, disparity)


def search_blur(
    radiance: Float[Tensor, "1 3 height width"],
    normalised: Float[Tensor, "1 1 height width"],
    photograph: Float[Tensor, "1 3 height width"],
) -> Blur:
    """The blur with the highest PSNR: a grid, then halved steps around the best, both at a reduced size."""
    coarse = [Blur(), *(Blur(s, f) for s, f in itertools.product(STRENGTHS, FOCI))]
    best = _best(coarse, *(_at(image, COARSE_PX) for image in (radiance, normalised, photograph)))
    pictures = [_at(image, FINE_PX) for image in (radiance, normalised, photograph)]
    ratio, step = 2.0, 1 / 8
    for _ in range(REFINEMENTS):
        ratio, step = ratio**0.5, step / 2
        near = [
            Blur(best.strength * ratio**i, min(max(best.focus + j * step, 0.0), 1.0))
            for i, j in itertools.product((-1, 0, 1), repeat=2)
        ]
        best = _best([Blur(), *dict.fromkeys(near)], *pictures)
    return best


def _best(blurs: list[Blur], radiance: Tensor, normalised: Tensor, photograph: Tensor) -> Blur:
    return max(blurs, key=lambda blur: psnr(render_blur(radiance, normalised, blur), photograph).item())


def _at(image: Tensor, longer_side_px: int) -> Tensor:
    return shrink(image[0], reduced_size(image, longer_side_px))[None]
