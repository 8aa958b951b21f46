"""Optical vignetting: the aperture seen past the rim of the lens."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.optics.kernels import disk_kernel
from rackfocus.optics.lens_shapes.settings import check_number
from rackfocus.optics.lens_shapes.spans import span_coverage, unit_sum


@dataclass(frozen=True)
class CatEye:
    """A disk in the middle of the frame, a cat's eye that lies across the radius towards its corners.

    Seen from the edge of the picture, the round aperture is cut by the round rim of the front element: what
    is left is the intersection of two circles (P. van Walree, "Vignetting", toothwalker.org; J. A. Díaz,
    Optics & Photonics News, image of the week of 23 March 2020). Here the rim appears as wide as the
    aperture, as in a fast lens wide open, and displaced in proportion to the distance from the centre of the
    frame: by `strength` aperture radii in the corners.

    The rim stands before the aperture, so a ray from the right of the scene misses the lens on its right;
    behind the focal plane, that is the right of the blur. So there the outer side is cut, and in front
    of the focal plane the inner side. The loss of light, which also darkens what is sharp, is left out.

    Attributes:
        strength: displacement in the corners over the aperture's radius, from 0 (the disk) to 1.5. At 1 the
            corner's cat's eye is half as wide as the disk and holds 39 % of its area.

    Raises:
        InputError: the strength is out of range.
    """

    strength: float
    varies: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_number("strength", self.strength, 0, 1.5)

    def kernel(
        self,
        radius_px: int,
        *,
        field: tuple[float, float] = (0.0, 0.0),
        dtype: torch.dtype = torch.float32,
    ) -> Float[Tensor, "size size"]:
        """See `rackfocus.types.LensShape.kernel`. Beyond the corners it is as in the corners."""
        scale = -self.strength * radius_px / max(1.0, math.hypot(*field))
        x, y = (scale * at for at in field)
        if radius_px == 0 or math.hypot(x, y) < 1e-9:
            return disk_kernel(radius_px, dtype=dtype)

        def half_width(height: Tensor) -> Tensor:
            return (radius_px**2 - height**2).clamp_min(0.0).sqrt()

        def boundary(height: Tensor) -> tuple[Tensor, Tensor]:
            pupil, rim = half_width(height), half_width(height - y)
            return torch.maximum(-pupil, x - rim), torch.minimum(pupil, x + rim)

        return unit_sum(span_coverage(radius_px, boundary, _corners(radius_px, x, y)), dtype)


def _corners(radius: float, x: float, y: float) -> list[float]:
    """Heights where circles about (0, 0) and (x, y) meet, and of their tops and bottoms in each other."""
    distance = math.hypot(x, y)
    reach = math.sqrt(radius**2 - distance**2 / 4) * x / distance
    meet = [y / 2 - reach, y / 2 + reach]
    pupil = [end for end in (-radius, radius) if math.hypot(x, end - y) < radius]
    rim = [y + end for end in (-radius, radius) if math.hypot(x, y + end) < radius]
    return meet + pupil + rim
