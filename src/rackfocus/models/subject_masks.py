"""The interface of models that segment the subject of a picture, and the refinement of their coarse masks."""

from typing import Protocol

from jaxtyping import Float
from kornia.filters import guided_blur
from torch import Tensor

WINDOW_SHARE = 0.024
"""Side of the guided filter's windows, as a share of the shorter side of the picture."""
SMOOTHNESS = 1e-4


class SubjectMask(Protocol):
    """A model that segments the subject of a picture."""

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """Probability that a pixel belongs to the subject, 0 to 1, at the size of the image.

        Args:
            srgb: the encoded image in 0..1, of any size.
        """
        ...


def refined(
    certainty: Float[Tensor, "batch 1 height width"], srgb: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, "batch 1 height width"]:
    """Refine a mask to a local affine function of the picture's colours: guided filter (He et al. 2010)."""
    # At half the size, where the fit is made, windows must be odd, too; otherwise the mask would be shifted.
    side = 4 * max(1, round(WINDOW_SHARE / 4 * min(srgb.shape[-2:]))) + 1
    return guided_blur(srgb, certainty, side, SMOOTHNESS, subsample=2, separable=True).clamp(0, 1)
