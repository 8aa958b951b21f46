"""One training sample: a deep-DOF image, and one or two shallow-DOF photographs of the same scene."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class FocusSample:
    """A pair or a triplet (Fig. 5 of the paper).

    Attributes:
        name: identifies the sample.
        deep: `I^S`, the deep-DOF image, encoded sRGB in 0..1: the network's input.
        shallow: `I^L`, the shallow-DOF image, linear light clipped to 0..1 as a photograph is.
        adjusted: `I^L'`, the triplet's other image, likewise. For a pair it is `shallow` again, with ratio 1
            and focal disparity 0.
        aperture_ratio: with `focal_disparity`, the refocus that turns the disparity of `shallow` into that of
            `adjusted`; see `rackfocus.refocus_disparity`.
        focal_disparity: in pixels of these images.
        disparity: the true disparity of `shallow` in pixels. `None`: unknown.
        radiance: the true linear light of `deep`, unclipped; NaN at pixels where it is unknown. `None`:
            unknown.
    """

    name: str
    deep: Float[Tensor, "3 height width"]
    shallow: Float[Tensor, "3 height width"]
    adjusted: Float[Tensor, "3 height width"]
    aperture_ratio: float = 1.0
    focal_disparity: float = 0.0
    disparity: Float[Tensor, "1 height width"] | None = None
    radiance: Float[Tensor, "3 height width"] | None = None
