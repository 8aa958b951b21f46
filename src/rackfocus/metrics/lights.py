"""PSNR around lights, where blur is bright only if HDR is recovered (Fig. 3B)."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rackfocus.metrics.image import displayed
from rackfocus.metrics.silhouette import within_radius

LIGHT = 4.0
"""A pixel is a light if a channel exceeds this many times display white: its blur is then visible."""


def light_mask(
    radiance: Float[Tensor, "batch 3 height width"],
    disparity: Float[Tensor, "batch 1 height width"],
) -> Bool[Tensor, "batch 1 height width"]:
    """Pixels within one blur radius of a light: the larger of its true `|D|` and 1 px, rounded up."""
    lights = (radiance > LIGHT).any(dim=1)
    radius_px = torch.where(lights, disparity[:, 0].abs().clamp_min(1).ceil(), 0.0)
    masks = [within_radius(radii.cpu().numpy().astype(np.int64)) for radii in radius_px.detach()]
    return torch.from_numpy(np.stack(masks))[:, None].to(radiance.device)


def light_psnr(
    linear_rgb: Float[Tensor, "batch 3 height width"],
    truth: Float[Tensor, "batch 3 height width"],
    radiance: Float[Tensor, "batch 3 height width"],
    disparity: Float[Tensor, "batch 1 height width"],
) -> Float[Tensor, ""]:
    """Peak signal-to-noise ratio in dB of the displayed images inside the light mask; NaN without lights."""
    mask = light_mask(radiance, disparity).expand_as(truth)
    error = (displayed(linear_rgb) - displayed(truth))[mask]
    return -10 * error.square().mean().log10()
