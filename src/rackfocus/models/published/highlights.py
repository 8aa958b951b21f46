"""Converts predicted radiance to log exposure where an image clips (Eilertsen et al. 2017, Eqs. 1 and 2)."""

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.models.rgbd_hdr import clipping_share
from rackfocus.optics.radiometry import HDR_GAIN, srgb_to_linear

CLIPPING_FROM = 0.95
"""The encoded value above which the prediction is blended in."""

DARKEST = 1 / 255 / 12.92
"""Linear light of the first 8-bit code, used in place of 0 for a black channel next to a clipped one."""


def highlight_log_exposure(
    srgb: Float[Tensor, "batch 3 height width"], radiance: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, "batch 3 height width"]:
    """`E` that maps the image `I` to `(1 - alpha) I + alpha R`; 0 where that would be darker than `I`.

    `R` is predicted linear light in units of display white; `alpha = max(0, max_c(I) - 0.95) / 0.05`: 0 where
    the image is not clipped, 1 where it is.
    """
    linear, alpha = srgb_to_linear(srgb), clipping_share(srgb, CLIPPING_FROM)
    ratio = ((1 - alpha) * linear + alpha * radiance) / linear.clamp_min(DARKEST)
    return torch.where(alpha > 0, torch.log(ratio.clamp_min(1)) / HDR_GAIN, 0.0)
