"""Kernels of evenly lit convex shapes, each row of which is a span."""

from collections.abc import Callable, Iterable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

NODES, WEIGHTS = (torch.from_numpy(values) for values in np.polynomial.legendre.leggauss(24))

Boundary = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Left and right boundary in `x` of the shape at heights `y`, all in pixels from the kernel's centre."""


def span_coverage(radius_px: int, boundary: Boundary, corners: Iterable[float]) -> Float[Tensor, "size size"]:
    """The share of each pixel that a convex shape covers, with each row of pixels simplified to one span.

    The span is as high as the part of the row that the shape reaches. It begins and ends at the means of the
    shape's boundaries over that part, which may lie within a pixel. So the sum of a row is exactly the area
    of the shape within the row, and the values of a row change in at most four places, which makes rendering
    fast.

    Args:
        radius_px: half the size of the kernel; `size = 2 * radius_px + 1`.
        boundary: called with heights strictly between the shape's top and bottom.
        corners: the heights between which the boundaries are smooth, top and bottom included, in any
            order. At these heights a boundary may be infinitely steep, as at the top of a disk.

    Returns:
        Coverage in [0, 1], float64; not normalised.
    """
    size = 2 * radius_px + 1
    edges = torch.arange(size + 1, dtype=torch.float64) - radius_px - 0.5
    heights = torch.tensor(sorted(corners), dtype=torch.float64)
    inner = edges[(edges > heights[0]) & (edges < heights[-1])]
    breaks = torch.cat([heights, inner]).sort().values
    low, step = breaks[:-1], breaks.diff()
    # Gauss-Legendre in t with y = 3 t^2 - 2 t^3, which makes the square roots at top and bottom smooth.
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
    """The coverage divided by its sum: a kernel."""
    return (coverage / coverage.sum()).to(dtype)
