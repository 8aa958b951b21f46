"""Linear light and its encodings. Images are encoded only where the program reads and writes files.

Every function is elementwise, takes any shape, and extends past 1 (radiance brighter than display white
keeps the power curve) and below 0 (odd symmetry), so that gradients exist everywhere.
"""

import torch
from jaxtyping import Float
from torch import Tensor

HDR_GAIN = 50.0
"""`k` of Eq. 4."""


def _power(value: Tensor, exponent: float, floor: float) -> Tensor:
    """`value ** exponent` above `floor`, where the other branch of a piecewise curve takes over.

    The clamp avoids the gradient NaN of `where`: an infinite derivative in the branch not taken, times zero.
    """
    return value.clamp_min(floor).pow(exponent)


def srgb_to_linear(encoded: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Decode sRGB (IEC 61966-2-1); 0..1 maps to 0..1."""
    magnitude = encoded.abs()
    curve = _power((magnitude + 0.055) / 1.055, 2.4, 0.04)
    return torch.where(magnitude <= 0.04045, encoded / 12.92, torch.sign(encoded) * curve)


def linear_to_srgb(linear: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Encode sRGB (IEC 61966-2-1); 0..1 maps to 0..1."""
    magnitude = linear.abs()
    curve = 1.055 * _power(magnitude, 1 / 2.4, 0.003) - 0.055
    return torch.where(magnitude <= 0.0031308, 12.92 * linear, torch.sign(linear) * curve)


def bt709_to_linear(encoded: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Invert the camera curve of ITU-R BT.709; 0..1 maps to 0..1."""
    magnitude = encoded.abs()
    curve = _power((magnitude + 0.099) / 1.099, 1 / 0.45, 0.1)
    return torch.where(magnitude < 0.081, encoded / 4.5, torch.sign(encoded) * curve)


def linear_to_bt709(linear: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Encode with the camera curve of ITU-R BT.709; 0..1 maps to 0..1."""
    magnitude = linear.abs()
    curve = 1.099 * _power(magnitude, 0.45, 0.017) - 0.099
    return torch.where(magnitude < 0.018, 4.5 * linear, torch.sign(linear) * curve)


TRANSFER_CURVES = {
    "srgb": (srgb_to_linear, linear_to_srgb),
    "bt709": (bt709_to_linear, linear_to_bt709),
}
"""Decoding and encoding, by the name of the transfer function."""


def apply_log_exposure(
    linear_rgb: Float[Tensor, "batch 3 height width"],
    log_exposure: Float[Tensor, "batch 3 height width"],
) -> Float[Tensor, "batch 3 height width"]:
    """Radiance `I' = I * exp(k * E)` with `k = 50` (Eq. 4), in the precision of `linear_rgb`."""
    return linear_rgb * (HDR_GAIN * log_exposure.to(linear_rgb.dtype)).exp_()  # in place: see `luma`


def luma(encoded_rgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
    """BT.709 luma of an encoded image, 0..1 for inputs in 0..1."""
    red, green, blue = encoded_rgb.split(1, dim=1)
    # Not a matrix product, which autocast would compute in half precision. In place, because a new picture
    # costs more than the sum: the system has to map its memory first.
    return (0.2126 * red).add_(green, alpha=0.7152).add_(blue, alpha=0.0722)
