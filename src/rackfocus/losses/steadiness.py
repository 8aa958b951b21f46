"""Self-supervision of `D`: a slightly transformed copy of a picture must have the same disparity.

Between two frames of a video the camera moves a little and the noise differs; a network that reacts to that
flickers. This loss needs only photographs, with transforms like those of Eilertsen et al. 2019,
"Single-frame Regularization for Temporally Stable CNNs".
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

TURN_DEG, ZOOM, SHIFT = 1.0, 0.03, 0.02
"""The largest rotation, change of size, and shift (as a share of the sides)."""
BRIGHTNESS, NOISE = 0.05, 0.01
"""The largest change of brightness, and the standard deviation of noise, in units of encoded white."""


class TakenAgain(NamedTuple):
    """A transformed copy of a picture.

    Attributes:
        image: the copy, encoded, in 0..1.
        grid: for each of its pixels the position in the original, in coordinates of
            `torch.nn.functional.grid_sample`.
    """

    image: Float[Tensor, "batch 3 height width"]
    grid: Float[Tensor, "batch height width 2"]


def taken_again(image: Float[Tensor, "batch 3 height width"], generator: torch.Generator) -> TakenAgain:
    """Transform each picture by a random affine map, and change its brightness and noise.

    Args:
        image: encoded, in 0..1.
        generator: on the CPU; the only source of randomness.
    """
    count, _, height, width = image.shape
    drawn = 2 * torch.rand(count, 5, generator=generator).to(image) - 1
    turn, zoom, x, y, bright = drawn.T
    angle, scale = math.radians(TURN_DEG) * turn, 1 + ZOOM * zoom
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    # A grid goes from -1 to 1 along both sides; the rotation is in pixels.
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
    """Mean absolute difference between the `D` of the copy and the transformed `D` of the original, in
    pixels.

    Args:
        disparity: of the original.
        again: of the copy.
        grid: see `TakenAgain`; pixels from outside the original do not count.
    """
    moved = F.grid_sample(disparity, grid, padding_mode="border", align_corners=False)
    seen = (grid.abs() < 1).all(dim=-1)[:, None]
    return torch.where(seen, (again - moved).abs(), 0.0).sum() / seen.sum().clamp_min(1)
