"""What a model of a picture's subject is, and its coarse mask brought to the edges of the picture."""

from typing import Protocol

from jaxtyping import Float
from kornia.filters import guided_blur
from torch import Tensor

WINDOW_SHARE = 0.024
"""The side of the filter's windows, relative to the shorter side of the picture."""
SMOOTHNESS = 1e-4


class SubjectMask(Protocol):
    """A model of where the subject of a picture is."""

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """How sure it is, 0 to 1, at the size of the image.

        Args:
            srgb: the encoded image in 0..1, of any size.
        """
        ...


def refined(
    certainty: Float[Tensor, "batch 1 height width"], srgb: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, "batch 1 height width"]:
    """A mask as a local affine function of the picture's colours: the guided filter (He et al. 2010)."""
    # At half the size, where the fit is made, the windows must be odd, too, or the mask would move.
    side = 4 * max(1, round(WINDOW_SHARE / 4 * min(srgb.shape[-2:]))) + 1
    return guided_blur(srgb, certainty, side, SMOOTHNESS, subsample=2, separable=True).clamp(0, 1)
