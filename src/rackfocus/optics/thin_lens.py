"""The ideal thin lens (Potmesil & Chakravarty 1982): depth to signed disparity, and refocusing."""

from typing import TypeVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

Values = TypeVar("Values", float, np.ndarray, Tensor)


def depth_to_disparity(
    depth_m: Values, *, focus_m: float, focal_length_px: float, aperture_radius_m: float
) -> Values:
    """Signed disparity `D = f_px * A * (1 / z_focus - 1 / z)`: the blur radius in pixels.

    Args:
        depth_m: distance along the optical axis, positive; infinity is allowed in arrays and tensors.
        focus_m: distance of the focal plane along the same axis.
        focal_length_px: focal length in pixels of the image.
        aperture_radius_m: radius of the aperture, in the unit of the depth.
    """
    return focal_length_px * aperture_radius_m * (1.0 / focus_m - 1.0 / depth_m)


def refocus_disparity(
    disparity: Float[Tensor, "*shape"],
    *,
    aperture_ratio: float | Float[Tensor, "*#shape"] = 1.0,
    focal_disparity: float | Float[Tensor, "*#shape"] = 0.0,
) -> Float[Tensor, "*shape"]:
    """`D' = alpha * D + beta` (Sec. 4.1), given by aperture ratio and focal disparity.

    `alpha` is `aperture_ratio`; `beta = -aperture_ratio * focal_disparity`, so that what has disparity
    `focal_disparity` at the reference aperture comes into focus.

    Args:
        disparity: signed disparity in pixels at the reference aperture.
        aperture_ratio: aperture diameter over that of the reference aperture, `>= 0`.
        focal_disparity: the disparity that becomes 0, in pixels at the reference aperture.

    Example:
        >>> import rackfocus, torch
        >>> rackfocus.refocus_disparity(torch.tensor([-2.0, 0.0, 3.0]), aperture_ratio=0.5, focal_disparity=3)
        tensor([-2.5000, -1.5000,  0.0000])
    """
    return aperture_ratio * (disparity - focal_disparity)
