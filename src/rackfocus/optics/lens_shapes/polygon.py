"""The polygonal blur of an iris of blades."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.optics.kernels import disk_kernel
from rackfocus.optics.lens_shapes.settings import check_finite, check_number, check_whole_number
from rackfocus.optics.lens_shapes.spans import span_coverage, unit_sum

STRAIGHTEST = 1e-7
"""The curvature used for straight blades: not 0, so that the equation of an arc holds for them too."""


@dataclass(frozen=True)
class Polygon:
    """An iris of equal blades, whose corners lie on the edge of the disk.

    Each side is an arc through two corners, of curvature `curvature / r`.

    Attributes:
        blades: number of blades, from 3 to 64.
        rotation_deg: at 0 a corner is at the top; positive is clockwise, as seen in the photograph.
        curvature: of the blades, from 0 (straight) to 1 (round: the disk).

    Raises:
        InputError: a setting is out of range.
    """

    blades: int
    rotation_deg: float = 0.0
    curvature: float = 0.0
    varies: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_whole_number("blades", self.blades, 3, 64)
        check_finite("rotation_deg", self.rotation_deg)
        check_number("curvature", self.curvature, 0, 1)

    def kernel(
        self,
        radius_px: int,
        *,
        field: tuple[float, float] = (0.0, 0.0),  # noqa: ARG002 - the protocol's
        dtype: torch.dtype = torch.float32,
    ) -> Float[Tensor, "size size"]:
        """See `rackfocus.types.LensShape.kernel`."""
        if radius_px == 0 or self.curvature == 1:
            return disk_kernel(radius_px, dtype=dtype)

        def boundary(y: Tensor) -> tuple[Tensor, Tensor]:
            left, right = self._unit_boundary(y / radius_px)
            return left * radius_px, right * radius_px

        corners = (y * radius_px for y in self._unit_corners())
        return unit_sum(span_coverage(radius_px, boundary, corners), dtype)

    def _unit_boundary(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """The intersection of the disks (or half planes) of all blades, for corners on the unit circle.

        With apothem `a`, half chord `s`, curvature `k` and normal `u`, a blade's disk is all `p` with
        `k |p|^2 + 2 g (u . p) + c <= 0`, which is numerically stable down to `k = 0`, where it is `u . p <=
        a`.
        """
        curvature = max(self.curvature, STRAIGHTEST)
        apothem, half_chord = math.cos(math.pi / self.blades), math.sin(math.pi / self.blades)
        root = math.sqrt(1 - (curvature * half_chord) ** 2)
        g = root - curvature * apothem
        left, right = torch.full_like(y, -1.0), torch.full_like(y, 1.0)
        for angle in self._angles(0.5):
            b = g * math.cos(angle)
            c = curvature * (y**2 + apothem**2 - half_chord**2) + 2 * g * math.sin(angle) * y
            c = c - 2 * apothem * root
            root_b = (b * b - curvature * c).clamp_min(0.0).sqrt()
            # The two roots of k x^2 + 2 b x + c, without cancellation of digits.
            away = abs(b) + root_b
            near, far = -c / away, away / curvature
            left = torch.maximum(left, -far if b > 0 else -near)
            right = torch.minimum(right, near if b > 0 else far)
        return left, right

    def _unit_corners(self) -> list[float]:
        """Heights of the corners, and of the top and bottom of arcs that have theirs between corners."""
        heights = [math.sin(angle) for angle in self._angles(0.0)]
        if self.curvature <= STRAIGHTEST:
            return heights
        half_chord, reach = math.sin(math.pi / self.blades), 1 / self.curvature
        half_angle = math.asin(self.curvature * half_chord)
        centre = math.cos(math.pi / self.blades) - math.sqrt(reach**2 - half_chord**2)
        for angle in self._angles(0.5):
            for vertical in (-math.pi / 2, math.pi / 2):
                if abs(math.remainder(angle - vertical, 2 * math.pi)) < half_angle:
                    heights.append(centre * math.sin(angle) + math.copysign(reach, vertical))
        return heights

    def _angles(self, offset: float) -> list[float]:
        """Directions of the corners (offset 0) or of the blades' middles (0.5), from `x` towards `y`."""
        first = math.radians(self.rotation_deg % 360) - math.pi / 2
        return [first + 2 * math.pi * (blade + offset) / self.blades for blade in range(self.blades)]
