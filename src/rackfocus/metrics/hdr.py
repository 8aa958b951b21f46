"""How close recovered radiance is to the truth."""

from jaxtyping import Float
from torch import Tensor

EPSILON = 1 / 255


def log_mse(
    radiance: Float[Tensor, "batch 3 height width"], truth: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, ""]:
    """Mean squared error of natural log radiance (Eilertsen et al. 2017); lower is better.

    Both are in units of display white; one 8-bit code value is added so that black counts little.
    """
    return ((radiance.clamp_min(0) + EPSILON).log() - (truth.clamp_min(0) + EPSILON).log()).square().mean()
