"""Pinhole views of equirectangular panoramas."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def perspective_view(
    panorama: Float[Tensor, "channel height width"],
    *,
    yaw_deg: float,
    field_of_view_deg: float,
    size: tuple[int, int],
) -> Float[Tensor, "channel view_height view_width"]:
    """A level pinhole view, by bilinear interpolation in the panorama's own encoding.

    Args:
        panorama: longitude along the width (its middle column is straight ahead, its left and right edges
            meet behind the camera), latitude along the height (the top is up).
        yaw_deg: direction of the camera, to the right of straight ahead.
        field_of_view_deg: horizontal, between the outer edges of the view; below 180.
        size: height and width of the view in pixels.
    """
    rows, columns = size
    focal_px = columns / 2 / math.tan(math.radians(field_of_view_deg) / 2)
    right = (torch.arange(columns, dtype=torch.float64) - (columns - 1) / 2) / focal_px
    down = ((torch.arange(rows, dtype=torch.float64) - (rows - 1) / 2) / focal_px)[:, None]
    longitude = (torch.atan(right) + math.radians(yaw_deg)).expand(rows, columns)
    latitude = torch.atan(-down / torch.sqrt(1 + right**2))

    # The left and right edges meet, so a column of the opposite edge is added to each. Above the centre of
    # the first row the value is constant.
    height, width = panorama.shape[-2:]
    wrapped = torch.cat([panorama[..., -1:], panorama, panorama[..., :1]], dim=-1)
    x = torch.remainder(longitude / (2 * math.pi) + 0.5, 1.0) * width + 0.5
    y = (0.5 - latitude / math.pi) * height - 0.5
    grid = torch.stack([2 * x / (width + 1) - 1, 2 * y / (height - 1) - 1], dim=-1).to(panorama)
    return F.grid_sample(wrapped[None], grid[None], padding_mode="border", align_corners=True)[0]


def natural_width(panorama_width: int, field_of_view_deg: float) -> int:
    """The even width in pixels at which the centre of a view has the panorama's resolution."""
    radius = panorama_width / (2 * math.pi)
    return 2 * max(1, round(radius * math.tan(math.radians(field_of_view_deg) / 2)))
