"""Forward-backward consistency of optical flow (Eq. 7): the pixels that are visible in both frames."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rackfocus.video.flow.warp import follow, sample


def consistent(
    forward: Float[Tensor, "2 height width"], backward: Float[Tensor, "2 height width"], delta_px: float
) -> Bool[Tensor, "height width"]:
    """The pixels where following the flow forward and back ends within `delta_px` of the start (Eq. 7).

    The paper asks for a point `q` of the other frame with `|p - (q + back(q))| + |q - (p + there(p))| <=
    delta`. Here only `q = p + there(p)` is tested, which makes the second term 0; it may lie between pixels.

    Args:
        forward: from this frame to the other.
        backward: from the other frame to this one.
        delta_px: the threshold.

    Returns:
        The consistent pixels; those that leave the picture are not.
    """
    x, y, inside = follow(forward)
    there_and_back = forward + sample(backward, x, y)
    return inside & (there_and_back.square().sum(0) <= delta_px**2)


def mask_inconsistent(
    forward: Float[Tensor, "2 height width"], backward: Float[Tensor, "2 height width"], delta_px: float
) -> Float[Tensor, "2 height width"]:
    """The forward flow, NaN where it is not consistent."""
    return torch.where(consistent(forward, backward, delta_px), forward, torch.nan)
