"""Training samples of photographs: with relative depth, or with the light that was clipped."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class NearnessSample:
    """A picture, encoded sRGB in 0..1, and its nearness, from a teacher model or from composition.

    Nearness is relative inverse depth, larger is nearer, up to a positive scale and a shift.
    """

    name: str
    image: Float[Tensor, "3 height width"]
    nearness: Float[Tensor, "1 height width"]


@dataclass(frozen=True)
class LightSample:
    """A photograph that clips, encoded sRGB, and its true linear light.

    Radiance is at the exposure of `image`, `>= 0`, not clipped; display white is 1.
    """

    name: str
    image: Float[Tensor, "3 height width"]
    radiance: Float[Tensor, "3 height width"]
