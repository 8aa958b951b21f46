"""Eq. 7 and 8 in a naive implementation: all flows computed again for every frame, torch medians."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor

from rackfocus.video.flow.optical_flow import OpticalFlow

Frame = tuple[
    UInt8[np.ndarray, "height width 3"], Float[Tensor, "1 height width"], Float[Tensor, "3 height width"]
]


def naive_stabilize(
    frames: Sequence[Frame], flow: OpticalFlow, delta_px: float, scale_px: float, exposure_scale: float
) -> tuple[Float[Tensor, "1 height width"], Float[Tensor, "3 height width"]]:
    """`D` and `E` of the last of the frames.

    It equals `TemporalStabilizer` except at the rims of masks and for the median of an even number of values,
    of which torch takes the lower.
    """
    image, disparity, log_exposure = frames[-1]
    path = torch.zeros(1, 2, *image.shape[:2])
    visible = torch.ones(1, 1, *image.shape[:2])
    maps, seen = [torch.cat([disparity, log_exposure])], [visible[0, 0]]
    for (before, *values), (after, *_) in zip(reversed(frames[:-1]), reversed(frames[1:]), strict=True):
        there, back = (
            torch.from_numpy(flow(*pair)).permute(2, 0, 1)[None]
            for pair in ((after, before), (before, after))
        )
        off = there + _warped(back, there)
        consistent = (off.norm(dim=1, keepdim=True) <= delta_px).float()
        visible = visible * (_warped(consistent, path) > 0.999)
        path = path + _warped(there, path)
        visible = visible * _inside(path)
        maps.append(_warped(torch.cat(values)[None], path)[0])
        seen.append(visible[0, 0])
    found, masks = torch.stack(maps), torch.stack(seen)
    weights = _weights(found[:, 0], masks, scale_px)
    by_light = _weights(found[:, 1:].mean(1), masks, exposure_scale)
    return (weights * found[:, 0]).sum(0)[None], (by_light[:, None] * found[:, 1:]).sum(0)


def _weights(values: Tensor, visible: Tensor, scale: float) -> Tensor:
    hidden = torch.where(visible > 0, 0.0, torch.nan)
    medians = torch.stack([((values - own).abs() + hidden).nanmedian(0).values for own in values])
    weights = visible * torch.exp(-medians / scale)
    return weights / weights.sum(0)


def _grid(flow: Tensor) -> Tensor:
    height, width = flow.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([flow[0, 0] + x, flow[0, 1] + y], dim=-1)


def _inside(flow: Tensor) -> Tensor:
    height, width = flow.shape[-2:]
    x, y = _grid(flow).unbind(-1)
    return ((x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)).float()


def _warped(values: Tensor, flow: Tensor) -> Tensor:
    size = torch.tensor(flow.shape[:1:-1])
    grid = (2 * _grid(flow) + 1) / size - 1
    return F.grid_sample(values, grid[None], padding_mode="border", align_corners=False)
