"""Evenly lit convex shapes as rows of spans."""

from collections.abc import Callable, Iterable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

NODES, WEIGHTS = (torch.from_numpy(values) for values in np.polynomial.legendre.leggauss(24))

Boundary = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Where the shape begins and ends in `x` at heights `y`, all in pixels from the kernel's centre."""


def span_coverage(radius_px: int, boundary: Boundary, corners: Iterable[float]) -> Float[Tensor, "size size"]:
    """How much of every pixel a convex shape covers, each row of pixels made a span.

    The span is as high as the part of the row that the shape reaches into, and begins and ends at the means
    of the shape's boundaries over that part, between pixels where need be. So a row's sum is the shape's area
    within the row, exactly, and a row changes in at most four places, which is what makes rendering fast.

    Args:
        radius_px: the kernel reaches this far; `size = 2 * radius_px + 1`.
        boundary: called with heights strictly between the shape's top and bottom.
        corners: the heights between which the boundaries are smooth, top and bottom among them, in any
            order. Where one runs level, as at the top of a disk, it may be infinitely steep in `y`.

    Returns:
        Coverage in [0, 1], float64; not of unit sum.
    """
    size = 2 * radius_px + 1
    edges = torch.arange(size + 1, dtype=torch.float64) - radius_px - 0.5
    heights = torch.tensor(sorted(corners), dtype=torch.float64)
    inner = edges[(edges > heights[0]) & (edges < heights[-1])]
    breaks = torch.cat([heights, inner]).sort().values
    low, step = breaks[:-1], breaks.diff()
    # Gauss-Legendre in t, with y = 3 t^2 - 2 t^3: the square roots at top and bottom become smooth.
    t = (NODES + 1) / 2
    y = low[:, None] + step[:, None] * (t * t * (3 - 2 * t))
    left, right = boundary(y)
    weight = step[:, None] * WEIGHTS * (3 * t * (1 - t))
    row = (low + step / 2 + radius_px + 0.5).floor().long().clamp(0, size - 1)

    def per_row(values: Tensor) -> Tensor:
        return torch.zeros(size, 1, dtype=torch.float64).index_add_(0, row, values.sum(1, keepdim=True))

    height = per_row(weight.expand_as(y))
    begin, end = (per_row(weight * side) / height.clamp_min(1e-300) for side in (left, right))
    overlap = torch.minimum(end, edges[None, 1:]) - torch.maximum(begin, edges[None, :-1])
    return height * overlap.clamp_min(0.0)


def unit_sum(coverage: Float[Tensor, "size size"], dtype: torch.dtype) -> Float[Tensor, "size size"]:
    """The kernel of a coverage."""
    return (coverage / coverage.sum()).to(dtype)
