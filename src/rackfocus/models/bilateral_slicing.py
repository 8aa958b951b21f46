"""Slicing a bilateral grid on a CPU without gradients, compiled by numba: one pass over the picture.

A call works on some rows of the picture and holds no lock, so that threads of Python share them out.
"""

import numpy as np
from numba import njit

HALF = np.float32(0.5)
ZERO = np.float32(0)
ONE = np.float32(1)


@njit(nogil=True, cache=True, fastmath={"contract", "nsz"})
def slice_compiled(grid, guide, bandwidth_px, rows_from, rows_to, sliced):
    """Read the grid trilinearly at the pixels of some rows of the guide.

    Args:
        grid: `(rows, columns, vertices)`, float32: the values that a pixel mixes lie beside one another.
        guide: `(height, width)`, float32; held within 0..1.
        bandwidth_px: the distance of two vertices in pixels of the guide, float32.
        rows_from: the first row.
        rows_to: the row after the last.
        sliced: `(height, width)`, float32; those rows are written.
    """
    rows, columns, vertices = grid.shape
    width = guide.shape[1]
    per_pixel = ONE / bandwidth_px
    for row in range(rows_from, rows_to):
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
