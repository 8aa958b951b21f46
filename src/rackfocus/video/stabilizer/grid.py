"""The coarse grid on which the temporal filter works, and the way there and back.

A cell of the grid is a square of pixels. A cell's value is the mean of its pixels; between the centres of the
cells values are interpolated bilinearly. At the rims the outer pixels are repeated until the last cells are
whole.

A whole number of pixels per cell makes the mean exact on each device, by the fastest routine that it has:
OpenCV's on a CPU, where torch's take four times as long.
"""

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from rackfocus.video.flow.optical_flow import Image


def cell_px(height: int, width: int, size_px: int | None) -> int:
    """The side of a cell in pixels, the smallest for which the grid has at most `size_px` cells a side.

    Args:
        height: of the frames, in pixels.
        width: of the frames, in pixels.
        size_px: the most cells along the longer side; `None`: as many as there are pixels.
    """
    return 1 if size_px is None else -(-max(height, width) // size_px)


def reduced_image(image: Image, cell: int) -> Image:
    """An image on the grid; `cell` is the side of a cell in pixels."""
    if cell == 1:
        return image
    if isinstance(image, Tensor):
        return means_by_torch(image.permute(2, 0, 1).float(), cell).round_().byte().permute(1, 2, 0)
    return _means(image, cell)


def reduced(
    values: Float[Tensor, "channel height width"], cell: int
) -> Float[Tensor, "channel rows columns"]:
    """A map on the grid; `cell` is the side of a cell in pixels."""
    if cell == 1:
        return values
    if values.device.type == "cpu":
        return torch.from_numpy(np.stack([_means(plane, cell) for plane in values.numpy()]))
    return means_by_torch(values, cell)


def means_by_torch(
    values: Float[Tensor, "channel height width"], cell: int
) -> Float[Tensor, "channel rows columns"]:
    """As `reduced`, on any device."""
    down, right = (-side % cell for side in values.shape[1:])
    return F.avg_pool2d(F.pad(values[None], (0, right, 0, down), mode="replicate"), cell)[0]


def enlarged(
    values: Float[Tensor, "channel rows columns"], cell: int, size: tuple[int, int]
) -> Float[Tensor, "channel height width"]:
    """A map on the grid, interpolated at the pixels of a frame.

    Args:
        values: on the grid.
        cell: the side of a cell in pixels.
        size: height and width of the frame.
    """
    if values.device.type != "cpu":
        return enlarged_by_torch(values, cell, size)
    height, width = size
    rows, columns = values.shape[1:]
    whole = (columns * cell, rows * cell)
    planes = np.empty((len(values), rows * cell, columns * cell), np.float32)
    for plane, into in zip(values.numpy(), planes, strict=True):
        cv2.resize(plane, whole, dst=into, interpolation=cv2.INTER_LINEAR)
    return torch.from_numpy(planes)[:, :height, :width]


def enlarged_by_torch(
    values: Float[Tensor, "channel rows columns"], cell: int, size: tuple[int, int]
) -> Float[Tensor, "channel height width"]:
    """As `enlarged`, on any device."""
    height, width = size
    return F.interpolate(values[None], scale_factor=float(cell), mode="bilinear")[0, :, :height, :width]


def _means(pixels: np.ndarray, cell: int) -> np.ndarray:
    """The mean of each cell, of pixels of shape `(height, width)` or `(height, width, channels)`."""
    height, width = pixels.shape[:2]
    down, right = -height % cell, -width % cell
    if down or right:
        pixels = cv2.copyMakeBorder(pixels, 0, down, 0, right, cv2.BORDER_REPLICATE)
    size = ((width + right) // cell, (height + down) // cell)
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
