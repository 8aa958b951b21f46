"""Training samples of photographs: with relative depth, or with the light that was clipped."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class NearnessSample:
    """A picture and its nearness, from a teacher model or from composition.

    Attributes:
        name: identifies the picture.
        image: encoded sRGB in 0..1.
        nearness: relative inverse depth, larger is nearer, up to a positive scale and a shift.
    """

    name: str
    image: Float[Tensor, "3 height width"]
    nearness: Float[Tensor, "1 height width"]


@dataclass(frozen=True)
class LightSample:
    """A photograph that clips, and its true light.

    Attributes:
        name: identifies the picture.
        image: encoded sRGB, clipped to 0..1.
        radiance: the true linear light at the exposure of `image`, `>= 0`, not clipped; display white is 1.
    """

    name: str
    image: Float[Tensor, "3 height width"]
    radiance: Float[Tensor, "3 height width"]
