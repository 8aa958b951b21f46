"""The sources of the span algorithm on a CPU, compiled by numba: the fill, and pixels by row and layer.

Of the fill see `levels.fill_radius`, whose result `widen_fill` gives. `tile_kernels` spreads the sources.

What these functions call is in this file, because numba's cache on disk checks for changes of the file of a
function only. The types come from the calls in `cpu`, not from annotations.
"""

import numpy as np
from numba import njit

from rackfocus.optics.levels import FILL_STEP, FILL_STEP_PX, MATTE_FALLOFF, MATTE_REACH

PADDING = 4
"""Zero entries before each run, so that a loop may read beyond the end of a run."""

compiled = njit(nogil=True, cache=True, fastmath={"contract", "nsz"})
"""Allow fused multiply-adds only; sums keep their order."""

inlined = njit(nogil=True, inline="always")
"""For functions that are called often: a call would pass arrays field by field and count references."""


@compiled
def widen_fill(disparity, nearest, step, reach, rows, around, radius):
    """Extend the search for nearer surfaces to squares that are `step` wider on each side.

    Args:
        disparity: of the picture.
        nearest: the minimum of each square so far.
        step: by how much the squares grow, in pixels.
        reach: half the width of the new squares.
        rows: the first row to process, and the row behind the last.
        around: output, the minimum of each new square.
        radius: output, raised to the blur radius of a nearer surface in the square.
    """
    height, width = disparity.shape
    kind = disparity.dtype.type
    zero, step_share, step_px, wide = kind(0), kind(FILL_STEP), kind(FILL_STEP_PX), kind(reach)
    beside = max(width - step, 0)
    least = np.empty(width, disparity.dtype)
    for y in range(rows[0], rows[1]):
        above, here, below = nearest[max(y - step, 0)], nearest[y], nearest[min(y + step, height - 1)]
        for x in range(width):
            least[x] = min(min(above[x], here[x]), below[x])
        for x in range(width):  # a slice assigned to a slice would take seconds to compile
            around[y, x] = least[x]
        for into, other in ((around[y, :beside], least[step:]), (around[y, step:], least[:beside])):
            for x in range(beside):
                into[x] = min(into[x], other[x])
        own, largest = disparity[y], radius[y]
        found = around[y]
        for x in range(width):
            size = abs(found[x])
            hidden = (found[x] + step_share * size < own[x] - step_px) & (size + size >= wide)
            largest[x] = max(largest[x], size if hidden else zero)


@compiled
def _by_matte(disparity, base, layer, weight, slope):
    """The layers that contain the pixels of a row, M / sum M of each, and its derivative; layer -1: none."""
    for x in range(disparity.size):
        floor = np.floor(disparity[x])
        total, mean = disparity[x] * 0, disparity[x] * 0
        for k in range(2 * MATTE_REACH + 2):
            step = k - MATTE_REACH
            # In double precision, so that rounding does not decide which levels are within reach.
            distance = np.float64(disparity[x]) - np.float64(floor + step)
            layer[k, x] = -1
            if abs(distance) <= MATTE_REACH:
                layer[k, x] = base + int(floor) + step
                weight[k, x] = np.exp(weight.dtype.type(-MATTE_FALLOFF * distance * distance))
                total += weight[k, x]
                mean += weight[k, x] * step
        for k in range(2 * MATTE_REACH + 2):
            weight[k, x] /= total
            slope[k, x] = 2 * MATTE_FALLOFF * weight[k, x] * (k - MATTE_REACH - mean / total)


@compiled
def _by_area(disparity, base, keep_slopes, layer, weight, slope):
    """The two layers next to each pixel of a row, mixed so that the mean of r^2 is D^2; layer -1: none."""
    one = disparity.dtype.type(1)  # with an integer literal numba would compute in double precision
    for x in range(disparity.size):
        size = abs(disparity[x])
        inner = np.floor(size)
        outer_share = (size - inner) * (size + inner) / (inner + inner + one)
        rise = (disparity[x] + disparity[x]) / (inner + inner + one)
        side = -1 if disparity[x] < 0 else 1
        has_outer = outer_share != 0 or (keep_slopes and rise != 0)
        layer[0, x] = base + side * np.int32(inner)
        layer[1, x] = layer[0, x] + side if has_outer else -1
        weight[0, x], weight[1, x] = one - outer_share, outer_share
        slope[0, x], slope[1, x] = -rise, rise


@compiled
def _at_nodes(y, size, nodes, layer, weight, slope):
    """Distribute the layers of a row to the four nodes around each pixel, bilinearly."""
    height, width = size
    columns, rows = nodes
    count = len(layer) // 4
    down = y * (rows - 1) / max(height - 1, 1)
    row = min(int(down), rows - 2)
    for x in range(width):
        across = x * (columns - 1) / max(width - 1, 1)
        column = min(int(across), columns - 2)
        for corner in range(3, -1, -1):
            right, below = corner % 2, corner // 2
            share = (across - column if right else column + 1 - across) * (
                down - row if below else row + 1 - down
            )
            node = (row + below) * columns + column + right
            for k in range(count):
                at = k + corner * count
                layer[at, x] = layer[k, x] * columns * rows + node if layer[k, x] >= 0 else -1
                weight[at, x], slope[at, x] = weight[k, x] * share, slope[k, x] * share


@compiled
def _new_shares(scene):
    """Arrays for `_shares_of_row`: all layers that may contain a pixel, for a row."""
    most = 2 * MATTE_REACH + 2 if scene.soft else 2
    if scene.fill.size:
        most += 2
    if scene.nodes[0] * scene.nodes[1] > 1:
        most *= 4
    size = (most, scene.disparity.shape[1])
    return np.empty(size, np.int32), np.empty(size, scene.light.dtype), np.empty(size, scene.light.dtype)


@compiled
def _shares_of_row(scene, y, keep_slopes, layer, weight, slope):
    """The layers that contain the pixels of a row (-1: none), with their weights and slopes.

    Returns:
        How many of the arrays' rows are in use; those behind them are as they were.
    """
    used = 2 * MATTE_REACH + 2 if scene.soft else 2
    if scene.soft:
        _by_matte(scene.disparity[y], -scene.lowest, layer, weight, slope)
    else:
        _by_area(scene.disparity[y], -scene.lowest, keep_slopes, layer, weight, slope)
    varies = scene.nodes[0] * scene.nodes[1] > 1
    if scene.fill.size and (varies or scene.fill[y].max() > 0):
        behind = slice(used, used + 2)
        _by_area(scene.fill[y], scene.levels, False, layer[behind], weight[behind], slope[behind])
        for x in range(layer.shape[1]):
            slope[used, x] = slope[used + 1, x] = 0
            if scene.fill[y, x] == 0:
                layer[used, x] = layer[used + 1, x] = -1
        used += 2
    if varies:
        _at_nodes(y, scene.disparity.shape, scene.nodes, layer, weight, slope)
        used *= 4
    return used


@compiled
def _segments(layer, used, starts):
    """Find where the layers of a row change from one pixel to the next.

    Args:
        layer: see `_shares_of_row`.
        used: how many rows of `layer` are in use.
        starts: output, the first column of each segment, then the width.

    Returns:
        The number of segments.
    """
    width = layer.shape[1]
    changes = np.zeros(width, np.bool_)
    changes[0] = True
    for k in range(used):
        here = layer[k]
        for x in range(np.uintp(1), np.uintp(width)):
            changes[x] |= here[x] != here[x - np.uintp(1)]
    count = np.uintp(0)
    for x in range(np.uintp(width)):
        starts[count] = x
        count += np.uintp(changes[x])
    starts[count] = width
    return count


@compiled
def count_entries(scene, radius, keep_slopes, rows, entries, runs):
    layer, weight, slope = _new_shares(scene)
    width = layer.shape[1]
    last_x, starts = np.empty(radius.size, np.int64), np.empty(width + 1, np.int64)
    for y in range(rows[0], rows[1]):
        used = _shares_of_row(scene, y, keep_slopes, layer, weight, slope)
        entries_of, runs_of = entries[y], runs[y]
        last_x[:] = -2
        for segment in range(_segments(layer, used, starts)):
            x, end = starts[segment], starts[segment + 1]
            for k in range(used):
                at = layer[k, x]
                if at >= 0:
                    if last_x[at] != x - 1:
                        runs_of[at] += 1
                        entries_of[at] += PADDING
                    last_x[at] = end - 1
                    # The outermost pixels are repeated as far as the kernel reaches.
                    entries_of[at] += end - x + radius[at] * (int(x == 0) + int(end == width))


@compiled
def place_entries(scene, radius, keep_slopes, rows, entry_of, run_of, run_x, run_entry, light, slopes):
    layer, weight, slope = _new_shares(scene)
    width = layer.shape[1]
    last_x, starts = np.empty(radius.size, np.int64), np.empty(width + 1, np.int64)
    for y in range(rows[0], rows[1]):
        used = _shares_of_row(scene, y, keep_slopes, layer, weight, slope)
        next_entry, next_run = entry_of[y].copy(), run_of[y].copy()
        last_x[:] = -2
        for segment in range(_segments(layer, used, starts)):
            x, end = starts[segment], starts[segment + 1]
            for k in range(used):
                at = layer[k, x]
                if at < 0:
                    continue
                entry = next_entry[at]
                if last_x[at] != x - 1:
                    for i in range(4 * PADDING):
                        light[4 * entry + i] = 0
                    if keep_slopes:
                        for i in range(PADDING):
                            slopes[entry + i] = 0
                    entry += PADDING
                    run_x[next_run[at]] = x - radius[at] if x == 0 else x
                    run_entry[next_run[at]] = entry
                    next_run[at] += 1
                last_x[at] = end - 1
                for _ in range(radius[at] if x == 0 else 0):
                    _place(scene, y, x, 1, weight[k], slope[k], keep_slopes, entry, light, slopes)
                    entry += 1
                _place(scene, y, x, end - x, weight[k], slope[k], keep_slopes, entry, light, slopes)
                entry += end - x
                for _ in range(radius[at] if end == width else 0):
                    _place(scene, y, width - 1, 1, weight[k], slope[k], keep_slopes, entry, light, slopes)
                    entry += 1
                next_entry[at] = entry


@inlined
def _place(scene, y, first, count, weight, slope, keep_slopes, entry, light, slopes):
    """Write the entries of `count` neighbouring pixels from column `first` on."""
    reds, greens, blues = scene.light[0, y], scene.light[1, y], scene.light[2, y]
    for i in range(np.uintp(count)):
        x, to = np.uintp(first) + i, np.uintp(4) * (np.uintp(entry) + i)
        light[to] = weight[x] * reds[x]
        light[to + np.uintp(1)] = weight[x] * greens[x]
        light[to + np.uintp(2)] = weight[x] * blues[x]
        light[to + np.uintp(3)] = weight[x]
    if keep_slopes:
        for i in range(count):
            slopes[entry + i] = slope[first + i]
