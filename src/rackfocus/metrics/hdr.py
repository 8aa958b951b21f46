"""Errors of recovered radiance, in units of display white."""

from jaxtyping import Float
from torch import Tensor

EPSILON = 1 / 255

DISPLAY_WHITE = 100.0
"""Luminance of display white in cd/m^2: that of the standard display, which PU21 maps to 256."""

_PU21 = (0.353487901, 0.3734658629, 8.277049286e-05, 0.9062562627, 0.09150303166, 0.9099517204, 596.3148142)
"""The published fit `banding_glare` of PU21, `p_1` to `p_7`."""
_PU21_RANGE = (0.005, 10_000.0)
_PU21_PEAK = 256.0


def log_mse(
    radiance: Float[Tensor, "batch 3 height width"], truth: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, ""]:
    """Mean squared error of natural log radiance (Eilertsen et al. 2017); lower is better.

    Both are in units of display white; one 8-bit code value is added so that errors in the dark count little.
    """
    return ((radiance.clamp_min(0) + EPSILON).log() - (truth.clamp_min(0) + EPSILON).log()).square().mean()


def pu21(radiance: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Perceptually uniform values (Mantiuk & Azimi 2021): 0 at .005 cd/m^2, 256 at white, 595 at most.

    `p_7 * (((p_1 + p_2 Y^p_4) / (1 + p_3 Y^p_4))^p_5 - p_6)` with `Y = DISPLAY_WHITE * radiance`, clamped to
    0.005 to 10 000 cd/m^2.
    """
    p1, p2, p3, p4, p5, p6, p7 = _PU21
    power = (DISPLAY_WHITE * radiance).clamp(*_PU21_RANGE).pow(p4)
    return p7 * (((p1 + p2 * power) / (1 + p3 * power)).pow(p5) - p6)


def pu21_psnr(
    radiance: Float[Tensor, "batch 3 height width"], truth: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, ""]:
    """Peak signal-to-noise ratio in dB of `pu21` values of all channels; higher is better.

    The peak is 256, as its authors set it, so that the values of images up to white are comparable with PSNR.
    """
    error = (pu21(radiance.double()) - pu21(truth.double())).square().mean()
    return 10 * (_PU21_PEAK**2 / error).log10()
