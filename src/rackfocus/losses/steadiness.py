"""Supervision of `D` by itself: a picture taken again, a little moved, must have the same disparity.

Between two frames of a video the camera moves a little and its noise changes; a network's answer to that is
flicker. This is learned from photographs alone, with transforms like those of Eilertsen et al. 2019,
"Single-frame Regularization for Temporally Stable CNNs".
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

TURN_DEG, ZOOM, SHIFT = 1.0, 0.03, 0.02
"""The most that a picture is turned, enlarged or reduced, and shifted, over its sides."""
BRIGHTNESS, NOISE = 0.05, 0.01
"""The most by which its brightness changes, and the deviation of its noise, of encoded white."""


class TakenAgain(NamedTuple):
    """A picture taken twice.

    Attributes:
        image: the second one, encoded, in 0..1.
        grid: where in the first one each of its pixels was, as `torch.nn.functional.grid_sample` counts.
    """

    image: Float[Tensor, "batch 3 height width"]
    grid: Float[Tensor, "batch height width 2"]


def taken_again(image: Float[Tensor, "batch 3 height width"], generator: torch.Generator) -> TakenAgain:
    """Move each picture by an affinity of its own, and change its brightness and noise.

    Args:
        image: encoded, in 0..1.
        generator: on the processor; decides all of it.
    """
    count, _, height, width = image.shape
    drawn = 2 * torch.rand(count, 5, generator=generator).to(image) - 1
    turn, zoom, x, y, bright = drawn.T
    angle, scale = math.radians(TURN_DEG) * turn, 1 + ZOOM * zoom
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    # A grid goes from -1 to 1 along either side: the turn is one of pixels, not of the sides.
    across = torch.stack([cosine, -sine * height / width, 2 * SHIFT * x], dim=1)
    down = torch.stack([sine * width / height, cosine, 2 * SHIFT * y], dim=1)
    grid = F.affine_grid(torch.stack([across, down], dim=1), list(image.shape), align_corners=False)
    moved = F.grid_sample(image, grid, padding_mode="border", align_corners=False)
    noise = NOISE * torch.randn(image.shape, generator=generator).to(image)
    return TakenAgain((moved * (1 + BRIGHTNESS * bright[:, None, None, None]) + noise).clamp(0, 1), grid)


def steadiness_loss(
    disparity: Float[Tensor, "batch 1 height width"],
    again: Float[Tensor, "batch 1 height width"],
    grid: Float[Tensor, "batch height width 2"],
) -> Float[Tensor, ""]:
    """Mean absolute difference of the second picture's `D` from the first's, moved alike, in pixels.

    Args:
        disparity: of the first picture.
        again: of the second one.
        grid: see `TakenAgain`; pixels that come from beyond the first picture do not count.
    """
    moved = F.grid_sample(disparity, grid, padding_mode="border", align_corners=False)
    seen = (grid.abs() < 1).all(dim=-1)[:, None]
    return torch.where(seen, (again - moved).abs(), 0.0).sum() / seen.sum().clamp_min(1)
