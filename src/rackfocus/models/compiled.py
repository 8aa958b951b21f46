"""Interpolation of small maps at every pixel of a picture, without gradients, compiled by numba for a CPU.

A call processes a band of rows without the GIL; `rackfocus.threads` distributes the bands to threads.
"""

import numpy as np
import torch
from numba import njit
from torch import Tensor

HALF = np.float32(0.5)
ZERO = np.float32(0)
ONE = np.float32(1)


def can_interpolate(*maps: Tensor) -> bool:
    """Whether these kernels can be used: single precision, on a CPU, and no gradient is needed.

    Not while torch compiles: it would follow numba as that compiles, and end in a recursion without end.
    """
    if torch.compiler.is_compiling():
        return False
    wanted = torch.is_grad_enabled() and any(each.requires_grad for each in maps)
    return not wanted and all(each.device.type == "cpu" and each.dtype == torch.float32 for each in maps)


@njit(nogil=True, cache=True, fastmath={"contract", "nsz"})
def between(pixel, scale, count):
    """The two neighbouring cells of a line of `count` cells around a pixel, and the weight of the second one.

    `scale` is cells a pixel, float32; pixels beyond the outer centres get the outer cell.
    """
    place = min(max((np.float32(pixel) + HALF) * scale - HALF, ZERO), np.float32(count - 1))
    first = min(int(place), max(count - 2, 0))
    return first, min(first + 1, count - 1), place - np.float32(first)


@njit(nogil=True, cache=True, fastmath={"contract", "nsz"})
def slice_grid(grid, guide, bandwidth_px, band, sliced):
    """Interpolate the grid trilinearly at the pixels of some rows of the guide.

    Args:
        grid: `(rows, columns, vertices)`, float32; the vertices that a pixel needs are adjacent in memory.
        guide: `(height, width)`, float32; clamped to 0..1.
        bandwidth_px: the distance of two vertices in pixels of the guide, float32.
        band: the first row, and the row behind the last.
        sliced: `(height, width)`, float32; output, these rows are written.
    """
    rows, columns, vertices = grid.shape
    width = guide.shape[1]
    per_pixel = ONE / bandwidth_px
    # Unsigned indices into one flat line: numba checks none of them, and several can be read at once.
    line = np.empty(columns * vertices, np.float32)
    lefts, rights = np.empty(width, np.uint32), np.empty(width, np.uint32)
    shares = np.empty(width, np.float32)
    for column in range(width):
        left, right, shares[column] = between(column, per_pixel, columns)
        lefts[column], rights[column] = left * vertices, right * vertices
    darkest_of_last, to_brighter = np.uint32(max(vertices - 2, 0)), np.uint32(vertices > 1)
    for row in range(band[0], band[1]):
        top, bottom, down = between(row, per_pixel, rows)
        for column in range(columns):
            for vertex in range(vertices):
                above = grid[top, column, vertex]
                line[column * vertices + vertex] = above + down * (grid[bottom, column, vertex] - above)
        lumas, values = guide[row], sliced[row]
        for column in range(width):
            z = min(max(lumas[column], ZERO), ONE) * np.float32(vertices - 1)
            dark = min(np.uint32(np.int32(z)), darkest_of_last)
            up = z - np.float32(dark)
            left, right = lefts[column] + dark, rights[column] + dark
            a = line[left] + up * (line[left + to_brighter] - line[left])
            b = line[right] + up * (line[right + to_brighter] - line[right])
            values[column] = a + shares[column] * (b - a)


@njit(nogil=True, cache=True, fastmath={"contract", "nsz"})
def read_clipped(log_exposure, image, clipping_from, each_channel, band, enlarged):
    """Interpolate log exposure at the pixels of some rows that may be clipped, times their clipping share.

    Args:
        log_exposure: `(rows, columns, 3)`, float32.
        image: `(3, height, width)`, float32; encoded.
        clipping_from: see `rackfocus.models.rgbd_hdr.clipping_share`, float32.
        each_channel: see `rackfocus.models.rgbd_hdr.clipping_share`.
        band: the first row, and the row behind the last.
        enlarged: `(3, height, width)`, float32; output, written where the brightest channel exceeds
            `clipping_from`.
    """
    rows, columns, channels = log_exposure.shape
    _, height, width = image.shape
    y_scale, x_scale = np.float32(rows) / np.float32(height), np.float32(columns) / np.float32(width)
    per_share = ONE / (ONE - clipping_from)
    for row in range(band[0], band[1]):
        top, bottom, down = between(row, y_scale, rows)
        for column in range(width):
            red, green, blue = image[0, row, column], image[1, row, column], image[2, row, column]
            brightest = max(max(red, green), blue)
            if brightest <= clipping_from:
                continue
            second = max(min(red, green), min(max(red, green), blue))
            left, right, across = between(column, x_scale, columns)
            for channel in range(channels):
                share = min(max((brightest - clipping_from) * per_share, ZERO), ONE)
                if each_channel:
                    own = min(max((image[channel, row, column] - clipping_from) * per_share, ZERO), ONE)
                    share = own * min(max((second - clipping_from) * per_share, ZERO), ONE)
                a, b = log_exposure[top, left, channel], log_exposure[top, right, channel]
                c, d = log_exposure[bottom, left, channel], log_exposure[bottom, right, channel]
                above = a + across * (b - a)
                enlarged[channel, row, column] = share * (above + down * (c + across * (d - c) - above))
