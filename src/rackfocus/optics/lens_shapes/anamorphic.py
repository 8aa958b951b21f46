"""An anamorphic lens, whose blur is a tall ellipse (Fig. 9)."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.optics.kernels import disk_kernel
from rackfocus.optics.lens_shapes.settings import check_number
from rackfocus.optics.lens_shapes.spans import span_coverage, unit_sum


@dataclass(frozen=True)
class Anamorphic:
    """A tall ellipse, as high as the disk and `squeeze` times narrower.

    An anamorphic lens has a horizontal field of view `squeeze` times as wide and records the scene squeezed
    horizontally. After stretching the picture back, sharp parts have their true proportions; blur is narrower
    horizontally than vertically.

    Attributes:
        squeeze: the squeeze ratio, from 1 (the disk) to 10. ARRI's Master Anamorphic of Fig. 9 has 2.

    Raises:
        InputError: the squeeze is out of range.
    """

    squeeze: float = 2.0
    varies: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_number("squeeze", self.squeeze, 1, 10)

    def kernel(
        self,
        radius_px: int,
        *,
        field: tuple[float, float] = (0.0, 0.0),  # noqa: ARG002 - the protocol's
        dtype: torch.dtype = torch.float32,
    ) -> Float[Tensor, "size size"]:
        """See `rackfocus.types.LensShape.kernel`."""
        if radius_px == 0 or self.squeeze == 1:
            return disk_kernel(radius_px, dtype=dtype)

        def boundary(y: Tensor) -> tuple[Tensor, Tensor]:
            half_width = (radius_px**2 - y**2).sqrt() / self.squeeze
            return -half_width, half_width

        return unit_sum(span_coverage(radius_px, boundary, (-radius_px, radius_px)), dtype)
