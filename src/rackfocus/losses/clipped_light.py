"""Supervision of `E` by known radiance."""

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.optics.radiometry import apply_log_exposure, srgb_to_linear

EPSILON = 1 / 255
"""Added to light before its logarithm, so that errors in the dark count little."""


def clipped_light_loss(
    srgb: Float[Tensor, "batch 3 height width"],
    log_exposure: Float[Tensor, "batch 3 height width"],
    radiance: Float[Tensor, "batch 3 height width"],
    *,
    clipping_from: float = 0.95,
) -> Float[Tensor, ""]:
    """Mean squared error of natural log radiance where the image may have clipped (Eilertsen et al. 2017).

    `radiance` is the true linear light at the exposure of the image, display white 1; NaN: unknown, left out.
    Only pixels whose brightest channel is above `clipping_from` count; 0 where none does.
    """
    light = apply_log_exposure(srgb_to_linear(srgb), log_exposure)
    # Replaced before the subtraction: behind a `where` the gradient of NaN would be NaN.
    truth = torch.where(radiance.isnan(), light.detach(), radiance)
    error = ((light + EPSILON).log() - (truth + EPSILON).log()).square().mean(dim=1)
    counted = (srgb.amax(dim=1) > clipping_from) & ~radiance.isnan().any(dim=1)
    return torch.where(counted, error, 0.0).sum() / counted.sum().clamp_min(1)
