"""A round aperture."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.optics.kernels import disk_kernel


@dataclass(frozen=True)
class Disk:
    """A round aperture, evenly lit: the ideal thin lens, and the fastest shape to render."""

    varies: ClassVar[bool] = False

    def kernel(
        self,
        radius_px: int,
        *,
        field: tuple[float, float] = (0.0, 0.0),  # noqa: ARG002 - the protocol's
        dtype: torch.dtype = torch.float32,
    ) -> Float[Tensor, "size size"]:
        """See `rackfocus.types.LensShape.kernel`."""
        return disk_kernel(radius_px, dtype=dtype)
