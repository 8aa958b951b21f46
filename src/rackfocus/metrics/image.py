"""Similarity of a rendered image and a photograph as displayed: clipped and encoded."""

from jaxtyping import Float
from torch import Tensor
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from rackfocus.optics.radiometry import linear_to_srgb


def displayed(linear_rgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
    """Linear light as a display shows it: clipped to 0..1 and sRGB-encoded."""
    return linear_to_srgb(linear_rgb.clamp(0, 1))


def psnr(
    linear_rgb: Float[Tensor, "batch 3 height width"], truth: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, ""]:
    """Peak signal-to-noise ratio in dB over all pixels of the displayed images; higher is better."""
    return psnr_of_displayed(displayed(linear_rgb), displayed(truth))


def ssim(
    linear_rgb: Float[Tensor, "batch 3 height width"], truth: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, ""]:
    """Structural similarity of the displayed images, at most 1; higher is better."""
    return ssim_of_displayed(displayed(linear_rgb), displayed(truth))


def psnr_of_displayed(
    encoded: Float[Tensor, "batch 3 height width"], truth: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, ""]:
    """`psnr` of images that are encoded already, in 0..1: torchmetrics' with a data range of 1."""
    return peak_signal_noise_ratio(encoded, truth, data_range=1.0)


def ssim_of_displayed(
    encoded: Float[Tensor, "batch 3 height width"], truth: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, ""]:
    """`ssim` of images that are encoded already, in 0..1: torchmetrics' with a data range of 1 and its own
    window, a Gaussian of 1.5 pixels.
    """
    value = structural_similarity_index_measure(encoded, truth, data_range=1.0)
    assert isinstance(value, Tensor)
    return value
