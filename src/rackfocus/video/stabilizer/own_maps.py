"""The maps of a frame that waits for the filter, and their change by what the filter finds on the grid."""

from dataclasses import dataclass
from typing import Self

import torch
from jaxtyping import Float, Float16
from torch import Tensor

from rackfocus.video.stabilizer.grid import enlarged


@dataclass(frozen=True)
class OwnMaps:
    """`D` and `E` of a frame before the filter.

    Attributes:
        disparity: in pixels of the frame, in half precision, as between all stages of a pipeline.
        log_exposure: in half precision. `None`: 0 everywhere, as in most frames.
        on_grid: the means of both in the cells of the grid.
        cell: the side of a cell in pixels.
    """

    disparity: Float16[Tensor, "1 height width"]
    log_exposure: Float16[Tensor, "3 height width"] | None
    on_grid: tuple[Float[Tensor, "1 rows columns"], Float[Tensor, "3 rows columns"]]
    cell: int

    @classmethod
    def of(
        cls,
        disparity: Float[Tensor, "1 height width"],
        log_exposure: Float[Tensor, "3 height width"],
        on_grid: tuple[Float[Tensor, "1 rows columns"], Float[Tensor, "3 rows columns"]],
        cell: int,
    ) -> Self:
        """The maps of a frame, to keep."""
        light = log_exposure.half() if bool(on_grid[1].any()) else None
        return cls(disparity.half(), light, on_grid, cell)

    def filtered(
        self, disparity: Float[Tensor, "1 rows columns"], log_exposure: Float[Tensor, "3 rows columns"]
    ) -> tuple[Float[Tensor, "1 height width"], Float[Tensor, "3 height width"]]:
        """The maps of the frame, changed by as much as the filter changes them on the grid.

        Args:
            disparity: after the filter.
            log_exposure: after the filter.
        """
        size = self.disparity.shape[1], self.disparity.shape[2]
        # In place: a new picture costs more than a sum.
        changed = enlarged(disparity - self.on_grid[0], self.cell, size).add_(self.disparity)
        light_change = log_exposure - self.on_grid[1]
        if not bool(light_change.any()):
            light = torch.zeros(3, *size, device=changed.device)
            return changed, light if self.log_exposure is None else self.log_exposure.float()
        light = enlarged(light_change, self.cell, size)
        if self.log_exposure is not None:
            light.add_(self.log_exposure)
        return changed, light.clamp_min_(0)
