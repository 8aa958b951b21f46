"""The loss of `experiment=photographs`: one term for each kind of sample in its mixture."""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.losses.aperture_supervision import ApertureSupervision
from rackfocus.losses.clipped_light import clipped_light_loss
from rackfocus.losses.relative_depth import relative_depth_loss
from rackfocus.models.backends import disparity_from_nearness
from rackfocus.types import RGBDHDR


class SceneTerms(NamedTuple):
    """The terms of a ray-traced triplet, before weighting, and the render at the widest aperture."""

    apertures: Float[Tensor, ""]
    disparity: Float[Tensor, ""]
    light: Float[Tensor, ""]
    total: Float[Tensor, ""]
    rendered: Float[Tensor, "batch 3 height width"]


class PhotographSupervision(nn.Module):
    """Eq. 5 and 6 and true disparity on ray-traced scenes, relative depth on photographs, light on panoramas.

    Args:
        apertures: Eq. 6, in 8-bit code values.
        disparity_weight: weight of the mean absolute error of `D` in pixels, where the true `D` is known.
        relative_weight: weight of `rackfocus.losses.relative_depth`.
        usual_weight: weight of the mean absolute difference between `D` and a label scaled to `usual_range`,
            in units of that range. Labels do not define an aperture; this term keeps the blur of photographs
            near that of a fast lens.
        usual_range: see `rackfocus.models.backends.disparity_from_nearness`. A 40 mm lens at f/2 on a sensor
            36 mm wide, focused at 2 m, blurs objects at infinity by a radius of .006 of the picture's width.
        light_weight: weight of `rackfocus.losses.clipped_light`.
    """

    def __init__(
        self,
        apertures: ApertureSupervision,
        *,
        disparity_weight: float = 4.0,
        relative_weight: float = 20.0,
        usual_weight: float = 4.0,
        usual_range: float = 0.006,
        light_weight: float = 20.0,
    ) -> None:
        super().__init__()
        self.apertures = apertures
        self.disparity_weight = disparity_weight
        self.relative_weight = relative_weight
        self.usual_weight = usual_weight
        self.usual_range = usual_range
        self.light_weight = light_weight

    def scene(
        self,
        prediction: RGBDHDR,
        *,
        disparity: Float[Tensor, "batch 1 height width"],
        radiance: Float[Tensor, "batch 3 height width"],
        deep: Float[Tensor, "batch 3 height width"],
        **photographs: Tensor,
    ) -> SceneTerms:
        """The terms of a triplet whose true disparity, and true linear light of `deep`, are known.

        The prediction is `D` for the aperture and focus of `shallow`, and `E`; `photographs` are the other
        arguments of `ApertureSupervision.forward`.
        """
        terms = self.apertures(prediction, deep=deep, **photographs)
        error = (prediction.disparity - disparity).abs().mean()
        light = clipped_light_loss(deep, prediction.log_exposure, radiance)
        total = terms.total + self.disparity_weight * error + self.light_weight * light
        return SceneTerms(terms.total, error, light, total, terms.rendered)

    def nearness(
        self, disparity: Float[Tensor, "batch 1 height width"], label: Float[Tensor, "batch 1 height width"]
    ) -> Float[Tensor, ""]:
        """The terms of a photograph with nearness from a teacher model or from a composition of cut-outs."""
        relative = relative_depth_loss(-disparity, label)
        usual = (disparity - disparity_from_nearness(label, self.usual_range)).abs().mean()
        return self.relative_weight * relative + self.usual_weight * usual / self._range_px(disparity)

    def light(
        self,
        log_exposure: Float[Tensor, "batch 3 height width"],
        srgb: Float[Tensor, "batch 3 height width"],
        radiance: Float[Tensor, "batch 3 height width"],
    ) -> Float[Tensor, ""]:
        """The term of a clipped view of a panorama of known light."""
        return self.light_weight * clipped_light_loss(srgb, log_exposure, radiance)

    def _range_px(self, image: Tensor) -> float:
        return self.usual_range * max(image.shape[-2:])
