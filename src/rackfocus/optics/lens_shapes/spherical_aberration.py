"""Spherical aberration: blur disks with a brighter edge ("soap bubbles") or a dimmer edge ("cream")."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.optics.kernels import disk_kernel
from rackfocus.optics.lens_shapes.settings import check_number, check_whole_number
from rackfocus.optics.lens_shapes.spans import span_coverage, unit_sum


@dataclass(frozen=True)
class SphericalAberration:
    """A disk that gets brighter or dimmer from its centre to its edge.

    Third-order spherical aberration sends the ray through the pupil at `p` (0 centre, 1 edge) to
    `u = p (1 + b p^2) / (1 + b)` of the blur's radius. The amount of light is constant, so the blur's
    brightness over that of its centre is `(p dp) / (u du)`, normalised: `1 / ((1 + b p^2) (1 + 3 b p^2))`.
    With `b < 0` the edge is brighter (a soap bubble), with `b > 0` the centre is. The profile is approximated
    by a few concentric disks, so that rows are piecewise constant.

    A real lens has opposite profiles behind and in front of the focal plane; here both sides have the same
    one, as a photographer who chooses a look expects.

    Attributes:
        edge: how much brighter the edge is than the centre, in stops, from -4 (cream) through 0 (the disk)
            to 4 (a soap bubble).
        steps: number of steps of brightness between centre and edge, equal in stops, from 1 to 64. Fewer
            render faster; wide steps of more than about 1/8 of a stop are visible as rings.

    Raises:
        InputError: a setting is out of range.
    """

    edge: float
    steps: int = 16
    varies: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_number("edge", self.edge, -4, 4)
        check_whole_number("steps", self.steps, 1, 64)

    def kernel(
        self,
        radius_px: int,
        *,
        field: tuple[float, float] = (0.0, 0.0),  # noqa: ARG002 - the protocol's
        dtype: torch.dtype = torch.float32,
    ) -> Float[Tensor, "size size"]:
        """See `rackfocus.types.LensShape.kernel`."""
        if radius_px == 0 or abs(self.edge) < 1e-6:
            return disk_kernel(radius_px, dtype=dtype)
        # The whole disk at the brightness of its edge; then the difference of each inner step is added.
        kernel = 2.0**self.edge * _disk(radius_px, radius_px)
        for step in range(self.steps):
            inside, between, outside = (
                2.0 ** (self.edge * (step + part) / self.steps) for part in (0, 0.5, 1)
            )
            kernel -= (outside - inside) * _disk(radius_px, radius_px * self._radius(between))
        return unit_sum(kernel.clamp_min(0.0), dtype)

    def _radius(self, brightness: float) -> float:
        """Where the blur has this brightness (relative to its centre), as a share of the blur's radius."""

        def distortion(ratio: float) -> float:
            """`b p^2` at that radius: the root of `(1 + z) (1 + 3 z) = 1 / ratio`."""
            return (math.sqrt(1 + 3 / ratio) - 2) / 3

        there, at_edge = distortion(brightness), distortion(2.0**self.edge)
        return math.sqrt(there / at_edge) * (1 + there) / (1 + at_edge)


def _disk(radius_px: int, radius: float) -> Float[Tensor, "size size"]:
    """Coverage by a disk of any radius, in a kernel for `radius_px`."""

    def boundary(y: Tensor) -> tuple[Tensor, Tensor]:
        half_width = (radius**2 - y**2).clamp_min(0.0).sqrt()
        return -half_width, half_width

    return span_coverage(radius_px, boundary, (-radius, radius))
