"""The paper's training loss: rendering, adjusted rendering and smoothness (Eq. 5 and 6)."""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.losses.perceptual import PerceptualLoss
from rackfocus.losses.reconstruction import clipped_like, pixel_l1
from rackfocus.losses.smoothness import edge_aware_smoothness
from rackfocus.optics.radiometry import linear_to_srgb, srgb_to_linear
from rackfocus.optics.renderer import Renderer
from rackfocus.types import RGBDHDR


class ApertureTerms(NamedTuple):
    """The terms of Eq. 6, before weighting, and the renders they came from."""

    rendering: Float[Tensor, ""]
    adjusted_rendering: Float[Tensor, ""]
    smoothness: Float[Tensor, ""]
    total: Float[Tensor, ""]
    rendered: Float[Tensor, "batch 3 height width"]


class ApertureSupervision(nn.Module):
    """`L_rend + L_adjust_rend + w_1 L_smooth`: supervision of depth and light by shallow-DOF photographs
    alone.

    Args:
        renderer: the forward model F.
        perceptual: `L_feat`. `None`: only the pixel term.
        smoothness_weight: `w_1`.
        triplets: `False`: the third photograph is not used and every sample is a pair (Fig. 3C).
    """

    def __init__(
        self,
        renderer: Renderer,
        perceptual: PerceptualLoss | None = None,
        smoothness_weight: float = 10.0,
        *,
        triplets: bool = True,
    ) -> None:
        super().__init__()
        self.renderer = renderer
        self.perceptual = perceptual
        self.smoothness_weight = smoothness_weight
        self.triplets = triplets

    def forward(
        self,
        prediction: RGBDHDR,
        *,
        deep: Float[Tensor, "batch 3 height width"],
        shallow: Float[Tensor, "batch 3 height width"],
        adjusted: Float[Tensor, "batch 3 height width"],
        aperture_ratio: Float[Tensor, "batch 1 1 1"],
        focal_disparity: Float[Tensor, "batch 1 1 1"],
    ) -> ApertureTerms:
        """Compare renders of the prediction with the photographs of a triplet.

        Args:
            prediction: `D` for `shallow`'s aperture and focus, and `E`.
            deep: `I^S`, encoded sRGB in 0..1.
            shallow: `I^L`, linear light in 0..1.
            adjusted: `I^L'`, linear light in 0..1. A pair has none: pass `shallow` again with ratio 1 and
                focal disparity 0; its rendering loss counts double, as in the paper.
            aperture_ratio: with `focal_disparity`, the refocus from `shallow` to `adjusted`.
            focal_disparity: in pixels.
        """
        linear = srgb_to_linear(deep)
        rendered = self.renderer(linear, prediction.disparity, prediction.log_exposure)
        rendering = self.rendering_loss(rendered, shallow)
        is_pair = bool((aperture_ratio == 1).all() and (focal_disparity == 0).all())
        if is_pair or not self.triplets:
            adjusted_rendering = rendering
        else:
            refocused = self.renderer(
                linear,
                prediction.disparity,
                prediction.log_exposure,
                aperture_ratio=aperture_ratio,
                focal_disparity=focal_disparity,
            )
            adjusted_rendering = self.rendering_loss(refocused, adjusted)
        smoothness = edge_aware_smoothness(prediction.disparity, deep)
        total = rendering + adjusted_rendering + self.smoothness_weight * smoothness
        return ApertureTerms(rendering, adjusted_rendering, smoothness, total, rendered)

    def rendering_loss(
        self,
        rendered: Float[Tensor, "batch 3 height width"],
        photograph: Float[Tensor, "batch 3 height width"],
    ) -> Float[Tensor, ""]:
        """`L_rend` (Eq. 5): pixels, and features if a perceptual loss is given."""
        image, target = clipped_like(rendered, photograph), linear_to_srgb(photograph)
        loss = pixel_l1(image, target)
        return loss if self.perceptual is None else loss + self.perceptual(image, target)
