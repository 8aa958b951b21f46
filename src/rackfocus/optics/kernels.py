"""The point spread function of a defocused point: the image of the aperture."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def disk_kernel(radius_px: int, *, dtype: torch.dtype = torch.float32) -> Float[Tensor, "size size"]:
    """A round aperture's blur disk of unit sum, `size = 2 * radius_px + 1`; radius 0 is the identity.

    Every row of pixels is a span as long as the disk's area within that row, so that the rows' weights are
    exact and their ends anti-aliased. Fast renderers rely on the rows being spans (RENDERER.md).
    """
    if radius_px == 0:
        return torch.ones(1, 1, dtype=dtype)
    offset = torch.arange(-radius_px, radius_px + 1, dtype=torch.float64)
    half_width = _area_below(offset + 0.5, radius_px) - _area_below(offset - 0.5, radius_px)
    right = torch.minimum(half_width[:, None], offset[None, :] + 0.5)
    left = torch.maximum(-half_width[:, None], offset[None, :] - 0.5)
    return ((right - left).clamp_min(0.0) / (math.pi * radius_px**2)).to(dtype)


def _area_below(y: Tensor, radius: int) -> Tensor:
    """Integral of the disk's half width `sqrt(r^2 - y^2)` from 0 to `y`."""
    y = y.clamp(-radius, radius)
    return (y * (radius**2 - y**2).sqrt() + radius**2 * torch.asin(y / radius)) / 2
