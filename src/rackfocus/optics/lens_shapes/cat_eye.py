"""Optical vignetting: towards the corners the rim of the lens cuts the blur disk to a "cat's eye"."""

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
    """A disk in the middle of the frame; towards the corners a cat's eye, its long axis across the radius.

    Seen from the edge of the picture, the rim of the front element covers part of the round aperture: the
    visible part is the intersection of two circles (P. van Walree, "Vignetting", toothwalker.org; J. A. Díaz,
    Optics & Photonics News, image of the week of 23 March 2020). Here both circles have the same radius, as
    in a fast lens wide open, and the rim is displaced in proportion to the distance from the centre of the
    frame: by `strength` aperture radii in the corners.

    The rim is in front of the aperture, so rays from the right of the scene miss the lens on its right side.
    Behind the focal plane, this is the right side of the blur: the outer side is cut. In front of the focal
    plane, the inner side is cut. The loss of light, which also darkens sharp parts, is not modelled.

    Attributes:
        strength: displacement in the corners over the aperture's radius, from 0 (the disk) to 1.5. At 1 the
            cat's eye in the corners is half as wide as the disk and has 39 % of its area.

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
        """See `rackfocus.types.LensShape.kernel`. Outside the frame it is the kernel of the corners."""
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
    """Heights where circles about (0, 0) and (x, y) meet, and of the top or bottom of one in the other."""
    distance = math.hypot(x, y)
    reach = math.sqrt(radius**2 - distance**2 / 4) * x / distance
    meet = [y / 2 - reach, y / 2 + reach]
    pupil = [end for end in (-radius, radius) if math.hypot(x, end - y) < radius]
    rim = [y + end for end in (-radius, radius) if math.hypot(x, y + end) < radius]
    return meet + pupil + rim
