"""What photographs teach a network: relative depth, and the light that was clipped."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class NearnessSample:
    """A picture and how near everything in it is, as a teacher says or as it was composed.

    Attributes:
        name: where it comes from.
        image: encoded sRGB in 0..1.
        nearness: relative inverse depth, larger is nearer, up to a positive scale and a shift.
    """

    name: str
    image: Float[Tensor, "3 height width"]
    nearness: Float[Tensor, "1 height width"]


@dataclass(frozen=True)
class LightSample:
    """A photograph that clips, and the light that it clipped.

    Attributes:
        name: which picture.
        image: encoded sRGB, clipped to 0..1.
        radiance: the true linear light at the exposure of `image`, `>= 0`, not clipped; display white is 1.
    """

    name: str
    image: Float[Tensor, "3 height width"]
    radiance: Float[Tensor, "3 height width"]
