"""Eq. 7: what two flows, there and back, say of where a pixel is seen in both frames."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rackfocus.video.flow.warp import follow, sample


def consistent(
    forward: Float[Tensor, "2 height width"], backward: Float[Tensor, "2 height width"], delta_px: float
) -> Bool[Tensor, "height width"]:
    """Where following the flow there and back ends within `delta_px` of where it began (Eq. 7).

    The paper asks for a point `q` of the other frame with `|p - (q + back(q))| + |q - (p + there(p))| <=
    delta`. `q = p + there(p)` makes the second term 0; it is the one that is tried here, between pixels.

    Args:
        forward: from this frame to the other.
        backward: from the other frame to this one.
        delta_px: the threshold.

    Returns:
        The visible pixels; those that leave the picture are not.
    """
    x, y, inside = follow(forward)
    there_and_back = forward + sample(backward, x, y)
    return inside & (there_and_back.square().sum(0) <= delta_px**2)


def only_consistent(
    forward: Float[Tensor, "2 height width"], backward: Float[Tensor, "2 height width"], delta_px: float
) -> Float[Tensor, "2 height width"]:
    """The flow there, NaN where it is not consistent."""
    return torch.where(consistent(forward, backward, delta_px), forward, torch.nan)
