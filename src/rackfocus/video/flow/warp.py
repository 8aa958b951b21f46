"""Bilinear sampling of pictures, and warping of pictures by optical flow."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def sample(
    values: Float[Tensor, "channel height width"], x: Float[Tensor, "*shape"], y: Float[Tensor, "*shape"]
) -> Float[Tensor, "channel *shape"]:
    """Bilinear interpolation at `(x, y)` in pixels, clamped to the picture.

    Pixels of weight 0 are left out, even if they are NaN; a point with a NaN coordinate gives NaN.
    """
    height, width = values.shape[-2:]
    unknown = torch.isnan(x) | torch.isnan(y)
    x = torch.where(unknown, 0.0, x).clamp(0, width - 1)
    y = torch.where(unknown, 0.0, y).clamp(0, height - 1)
    left, top = x.floor().long(), y.floor().long()
    right, down = x - left, y - top
    one, next_ = left + (right > 0), top + (down > 0)
    above = torch.lerp(values[:, top, left], values[:, top, one], right)
    below = torch.lerp(values[:, next_, left], values[:, next_, one], right)
    return torch.where(unknown, torch.nan, torch.lerp(above, below, down))


def follow(
    flow: Float[Tensor, "2 height width"],
) -> tuple[Float[Tensor, "height width"], Float[Tensor, "height width"], Bool[Tensor, "height width"]]:
    """The position to which the flow moves each pixel: `x`, `y`, and whether it is inside the picture.

    The picture ends half a pixel outside the outer pixel centres; NaN is outside.
    """
    height, width = flow.shape[-2:]
    x = flow[0] + torch.arange(width, device=flow.device, dtype=flow.dtype)
    y = flow[1] + torch.arange(height, device=flow.device, dtype=flow.dtype)[:, None]
    inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    return x, y, inside


def warp(
    values: Float[Tensor, "channel height width"], flow: Float[Tensor, "2 height width"]
) -> Float[Tensor, "channel height width"]:
    """Warp the values of another frame to this one.

    Args:
        values: of the other frame.
        flow: from this frame to the other, in pixels.
    """
    x, y, _ = follow(flow)
    return sample(values, x, y)
