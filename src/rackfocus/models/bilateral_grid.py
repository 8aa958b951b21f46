"""The bilateral grid over luma (Chen et al. 2007; Barron et al. 2015; Gharbi et al. 2017).

A grid has a vertex every `spatial_bandwidth_px` pixels and every `luma_bandwidth` of luma. Slicing
interpolates it trilinearly at the position and luma of each pixel, so that the result follows the edges of
the image.
"""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from rackfocus.models import compiled
from rackfocus.threads import bands, run_bands


def luma_vertices(luma_bandwidth: float) -> int:
    """`N`: the number of vertices over luma 0 to 1, both ends included. `luma_bandwidth` lies in (0, 1]."""
    if not 0 < luma_bandwidth <= 1:
        raise ValueError(f"luma_bandwidth must lie in (0, 1], and is {luma_bandwidth}")
    return round(1 / luma_bandwidth) + 1


def splat(
    values: Float[Tensor, "batch vertex height width"], spatial_bandwidth_px: int
) -> Float[Tensor, "batch vertex rows columns"]:
    """Average the channel of each luma vertex over the cells of the grid."""
    return F.avg_pool2d(values, spatial_bandwidth_px, ceil_mode=True, count_include_pad=False)


def slice_grid(
    grid: Float[Tensor, "batch vertex rows columns"],
    guide: Float[Tensor, "batch 1 height width"],
    spatial_bandwidth_px: float,
) -> Float[Tensor, "batch 1 height width"]:
    """Interpolate the grid at every pixel of the guide.

    Args:
        grid: the values, one channel for each luma vertex.
        guide: luma, clamped to 0..1. Its size may differ from the one for which the grid was made.
        spatial_bandwidth_px: the distance of two vertices in pixels of this guide.
    """
    if compiled.can_interpolate(grid, guide):
        sliced = torch.empty(guide.shape)
        for each in zip(grid, guide, sliced, strict=True):
            _slice(*each, spatial_bandwidth_px)
        return sliced
    batch, _, rows, columns = grid.shape
    height, width = guide.shape[-2:]
    y, x = (
        _to_vertex(torch.arange(size, dtype=grid.dtype, device=grid.device), cells, spatial_bandwidth_px)
        for size, cells in ((height, rows), (width, columns))
    )
    z = guide[:, 0].clamp(0, 1) * 2 - 1
    shape = (batch, height, width)
    points = torch.stack([x.expand(shape), y[:, None].expand(shape), z], dim=-1)
    return F.grid_sample(
        grid.unsqueeze(1), points.unsqueeze(1), mode="bilinear", padding_mode="border", align_corners=True
    ).squeeze(2)


def _slice(
    grid: Float[Tensor, "vertex rows columns"],
    guide: Float[Tensor, "1 height width"],
    sliced: Float[Tensor, "1 height width"],
    bandwidth_px: float,
) -> None:
    """The same without gradients, several times faster than `grid_sample`; writes `sliced`."""
    values = grid.detach().permute(1, 2, 0).contiguous().numpy()
    pixels, written = guide[0].detach().contiguous().numpy(), sliced[0].numpy()
    bandwidth = np.float32(bandwidth_px)
    run_bands(lambda band: compiled.slice_grid(values, pixels, bandwidth, band, written), bands(len(pixels)))


def _to_vertex(pixel: Tensor, vertices: int, bandwidth_px: float) -> Tensor:
    """Pixel to vertex coordinate in `grid_sample`'s -1..1; vertices are at the centres of cells."""
    vertex = (pixel + 0.5) / bandwidth_px - 0.5
    return vertex * 2 / max(vertices - 1, 1) - 1
