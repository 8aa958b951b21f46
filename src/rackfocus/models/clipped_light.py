"""Enlarging log exposure to a picture on a CPU without gradients, compiled by numba: one pass.

A call works on some rows of the picture and holds no lock, so that threads of Python share them out.
"""

import numpy as np
from numba import njit

HALF = np.float32(0.5)
ZERO = np.float32(0)
ONE = np.float32(1)


@njit(nogil=True, cache=True, fastmath={"contract", "nsz"})
def enlarge_clipped(log_exposure, image, clipping_from, each_channel, rows_from, rows_to, enlarged):
    """Read the map bilinearly at the pixels of some rows that may have clipped, times their share.

    Args:
        log_exposure: `(rows, columns, 3)`, float32.
        image: `(3, height, width)`, float32; encoded.
        clipping_from: see `rackfocus.models.rgbd_hdr.clipping_share`, float32.
        each_channel: see there.
        rows_from: the first row.
        rows_to: the row after the last.
        enlarged: `(3, height, width)`, float32; written where the brightest channel is above `clipping_from`.
    """
    rows, columns, channels = log_exposure.shape
    _, height, width = image.shape
    y_scale, x_scale = np.float32(rows) / np.float32(height), np.float32(columns) / np.float32(width)
    per_share = ONE / (ONE - clipping_from)
    for row in range(rows_from, rows_to):
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
