"""Pixel loss between a rendered image and a photograph, which clips."""

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.optics.radiometry import linear_to_srgb

CODE_VALUES = 255.0
"""Photometric losses are measured in 8-bit code values.

The paper gives the weight of smoothness (10) but no units. With images in 0..1 that weight flattens the
disparity at once; with 8-bit code values, common in networks of its time, the terms have similar magnitudes.
"""


def clipped_like(
    rendered: Float[Tensor, "batch 3 height width"], photograph: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, "batch 3 height width"]:
    """The rendered linear light, sRGB-encoded, clipped only where the photograph (linear, 0..1) is clipped.

    Where both exceed white their difference is 0. Where the photograph is darker than white, light above
    white remains an error with a gradient, which a plain clamp would remove.
    """
    encoded = linear_to_srgb(rendered)
    return torch.where(photograph >= 1.0, encoded.clamp_max(1.0), encoded)


def pixel_l1(
    image: Float[Tensor, "batch 3 height width"], target: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, ""]:
    """`|I^L - F(I^S, D, E)|_1` of Eq. 5 of encoded images, the mean over pixels and channels, in 8-bit code
    values.
    """
    return CODE_VALUES * (image - target).abs().mean()
