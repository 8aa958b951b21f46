"""Small maps read at every pixel of a picture, on a CPU without gradients, compiled by numba: one pass each.

A call works on some rows and holds no lock; `rackfocus.threads` shares them out.
"""

import numpy as np
import torch
from numba import njit
from torch import Tensor

HALF = np.float32(0.5)
ZERO = np.float32(0)
ONE = np.float32(1)


def can_read(*maps: Tensor) -> bool:
    """Whether these kernels may take over: single precision, on a CPU, and no gradient is wanted."""
    wanted = torch.is_grad_enabled() and any(each.requires_grad for each in maps)
    return not wanted and all(each.device.type == "cpu" and each.dtype == torch.float32 for each in maps)


@njit(nogil=True, cache=True, fastmath={"contract", "nsz"})
def slice_grid(grid, guide, bandwidth_px, band, sliced):
    """Read the grid trilinearly at the pixels of some rows of the guide.

    Args:
        grid: `(rows, columns, vertices)`, float32: the values that a pixel mixes lie beside one another.
        guide: `(height, width)`, float32; held within 0..1.
        bandwidth_px: the distance of two vertices in pixels of the guide, float32.
        band: the rows: the first, and the one after the last.
        sliced: `(height, width)`, float32; those rows are written.
    """
    rows, columns, vertices = grid.shape
    width = guide.shape[1]
    per_pixel = ONE / bandwidth_px
    for row in range(band[0], band[1]):
        y = min(max((row + HALF) * per_pixel - HALF, ZERO), np.float32(rows - 1))
        top = min(int(y), max(rows - 2, 0))
        bottom = min(top + 1, rows - 1)
        down = y - np.float32(top)
        for column in range(width):
            x = min(max((column + HALF) * per_pixel - HALF, ZERO), np.float32(columns - 1))
            left = min(int(x), max(columns - 2, 0))
            right = min(left + 1, columns - 1)
            across = x - np.float32(left)
            z = min(max(guide[row, column], ZERO), ONE) * np.float32(vertices - 1)
            dark = min(int(z), max(vertices - 2, 0))
            bright = min(dark + 1, vertices - 1)
            up = z - np.float32(dark)
            a = grid[top, left, dark] + up * (grid[top, left, bright] - grid[top, left, dark])
            b = grid[top, right, dark] + up * (grid[top, right, bright] - grid[top, right, dark])
            c = grid[bottom, left, dark] + up * (grid[bottom, left, bright] - grid[bottom, left, dark])
            d = grid[bottom, right, dark] + up * (grid[bottom, right, bright] - grid[bottom, right, dark])
            above = a + across * (b - a)
            sliced[row, column] = above + down * (c + across * (d - c) - above)


@njit(nogil=True, cache=True, fastmath={"contract", "nsz"})
def read_clipped(log_exposure, image, clipping_from, each_channel, band, enlarged):
    """Read log exposure bilinearly at the pixels of some rows that may have clipped, times their share.

    Args:
        log_exposure: `(rows, columns, 3)`, float32.
        image: `(3, height, width)`, float32; encoded.
        clipping_from: see `rackfocus.models.rgbd_hdr.clipping_share`, float32.
        each_channel: see there.
        band: the rows: the first, and the one after the last.
        enlarged: `(3, height, width)`, float32; written where the brightest channel is above `clipping_from`.
    """
    rows, columns, channels = log_exposure.shape
    _, height, width = image.shape
    y_scale, x_scale = np.float32(rows) / np.float32(height), np.float32(columns) / np.float32(width)
    per_share = ONE / (ONE - clipping_from)
    for row in range(band[0], band[1]):
        y = min(max((row + HALF) * y_scale - HALF, ZERO), np.float32(rows - 1))
        top = min(int(y), max(rows - 2, 0))
        bottom = min(top + 1, rows - 1)
        down = y - np.float32(top)
        for column in range(width):
            red, green, blue = image[0, row, column], image[1, row, column], image[2, row, column]
            brightest = max(max(red, green), blue)
            if brightest <= clipping_from:
                continue
            second = max(min(red, green), min(max(red, green), blue))
            x = min(max((column + HALF) * x_scale - HALF, ZERO), np.float32(columns - 1))
            left = min(int(x), max(columns - 2, 0))
            right = min(left + 1, columns - 1)
            across = x - np.float32(left)
            for channel in range(channels):
                share = min(max((brightest - clipping_from) * per_share, ZERO), ONE)
                if each_channel:
                    own = min(max((image[channel, row, column] - clipping_from) * per_share, ZERO), ONE)
                    share = own * min(max((second - clipping_from) * per_share, ZERO), ONE)
                a, b = log_exposure[top, left, channel], log_exposure[top, right, channel]
                c, d = log_exposure[bottom, left, channel], log_exposure[bottom, right, channel]
                above = a + across * (b - a)
                enlarged[channel, row, column] = share * (above + down * (c + across * (d - c) - above))
