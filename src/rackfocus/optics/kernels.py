"""The point spread function of a defocused point: the image of the aperture."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def disk_kernel(radius_px: int, *, dtype: torch.dtype = torch.float32) -> Float[Tensor, "size size"]:
    """The blur disk of a round aperture; sum 1, `size = 2 * radius_px + 1`; radius 0 is the identity.

    In each row of pixels the kernel is one span (a run of equal weights, fractional at both ends) whose
    length is the area of the disk within that row. So the row sums are exact and the edge is anti-aliased.
    The fast renderers in `optics.spans` require rows of this form: with them a pixel costs O(radius), not
    O(radius^2).
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
