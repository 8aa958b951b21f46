"""The span algorithm on a CPU, compiled by numba.

A row of a blur disk is a span: spreading a pixel over it takes one addition where the span begins and one
subtraction behind its end, and a running sum over the line does the rest (RENDERER.md). So a pixel costs
O(r), not O(r^2). For ends within a pixel, and for other shapes, there are more such places: the `Taps`.
Pixels of one row and level that are neighbours make a run, which is spread with one loop a tap.

A tile of the picture is made by one thread from start to end, level after level, front to back, so that its
accumulators stay in the cache. Its lines hold its columns and, before them, a margin for spans that begin
left of it. Channels are interleaved, (r, g, b, coverage), so that a loop goes through memory in order.

All that is compiled is in this file: numba's cache on disk notices changes of this file only. So the types
are told by `cpu`, which calls it, and not by annotations.
"""

import numpy as np
from numba import njit

from rackfocus.optics.levels import MATTE_FALLOFF, MATTE_REACH, OCCLUSION_GAP, ROOM_SLACK, Blend

COVERAGE, TRANSMITTANCE = int(Blend.COVERAGE), int(Blend.TRANSMITTANCE)

_MOST_LAYERS = 4 * (2 * MATTE_REACH + 2 + 2)
"""What holds a pixel at most: the levels of its matte and of its fill, at four nodes of the field."""

compiled = njit(nogil=True, cache=True, fastmath={"contract", "nsz"})
"""Sums keep their order: fused multiply-adds are all that fast maths is for."""


# Sources: a picture's pixels sorted by row and layer.


@compiled
def _by_matte(disparity, base, layer, weight, slope):
    """The layers that hold a pixel, M / sum M of each, and its derivative; returns how many."""
    floor = np.floor(disparity)
    count = 0
    total, mean = disparity * 0, disparity * 0
    for step in range(-MATTE_REACH, MATTE_REACH + 2):
        # In double precision, that rounding does not decide which levels are within reach.
        distance = np.float64(disparity) - np.float64(floor + step)
        if abs(distance) <= MATTE_REACH:
            weight[count] = np.exp(weight.dtype.type(-MATTE_FALLOFF * distance * distance))
            total += weight[count]
            mean += weight[count] * step
            slope[count] = step
            layer[count] = base + int(floor) + step
            count += 1
    for at in range(count):
        weight[at] /= total
        slope[at] = 2 * MATTE_FALLOFF * weight[at] * (slope[at] - mean / total)
    return count


@compiled
def _by_area(disparity, base, start, keep_slopes, layer, weight, slope):
    """The two layers about a pixel, mixed so that the mean of r^2 is D^2; returns where they end."""
    size = abs(disparity)
    inner = np.floor(size)
    outer_share = (size * size - inner * inner) / (2 * inner + 1)
    side = -1 if disparity < 0 else 1
    rise = 2 * disparity / (2 * inner + 1)
    layer[start], weight[start], slope[start] = base + side * int(inner), 1 - outer_share, -rise
    if outer_share == 0 and not (keep_slopes and rise != 0):
        return start + 1
    layer[start + 1], weight[start + 1], slope[start + 1] = base + side * (int(inner) + 1), outer_share, rise
    return start + 2


@compiled
def _layers_of(scene, y, x, keep_slopes, layer, weight, slope):
    """All layers that hold a pixel, with their weights and slopes; returns how many."""
    disparity = scene.disparity[y, x]
    if scene.soft:
        count = _by_matte(disparity, -scene.lowest, layer, weight, slope)
    else:
        count = _by_area(disparity, -scene.lowest, 0, keep_slopes, layer, weight, slope)
    if scene.fill.size and scene.fill[y, x] > 0:
        visible = count
        count = _by_area(scene.fill[y, x], scene.levels, count, False, layer, weight, slope)
        slope[visible:count] = 0
    if scene.nodes[0] * scene.nodes[1] > 1:
        return _at_nodes(scene, y, x, count, layer, weight, slope)
    return count


@compiled
def _at_nodes(scene, y, x, count, layer, weight, slope):
    """Share each layer out to those of the four nodes about the pixel, bilinearly."""
    columns, rows = scene.nodes
    height, width = scene.disparity.shape
    across, down = x * (columns - 1) / max(width - 1, 1), y * (rows - 1) / max(height - 1, 1)
    column, row = min(int(across), columns - 2), min(int(down), rows - 2)
    for corner in range(3, -1, -1):
        right, below = corner % 2, corner // 2
        share = (across - column if right else column + 1 - across) * (
            down - row if below else row + 1 - down
        )
        for k in range(count):
            at = k + corner * count
            layer[at] = layer[k] * columns * rows + (row + below) * columns + column + right
            weight[at], slope[at] = weight[k] * share, slope[k] * share
    return 4 * count


@compiled
def count_entries(scene, keep_slopes, first_row, last_row, entries):
    layer = np.empty(_MOST_LAYERS, np.int64)
    weight, slope = np.empty(_MOST_LAYERS, scene.light.dtype), np.empty(_MOST_LAYERS, scene.light.dtype)
    for y in range(first_row, last_row):
        for x in range(scene.disparity.shape[1]):
            for k in range(_layers_of(scene, y, x, keep_slopes, layer, weight, slope)):
                entries[y, layer[k]] += 1


@compiled
def place_entries(scene, keep_slopes, first_row, last_row, entry_of, entry_x, entry_light, entry_slope, runs):
    layer = np.empty(_MOST_LAYERS, np.int64)
    weight, slope = np.empty(_MOST_LAYERS, scene.light.dtype), np.empty(_MOST_LAYERS, scene.light.dtype)
    for y in range(first_row, last_row):
        next_entry = entry_of[y].copy()
        for x in range(scene.disparity.shape[1]):
            red, green, blue = scene.light[0, y, x], scene.light[1, y, x], scene.light[2, y, x]
            for k in range(_layers_of(scene, y, x, keep_slopes, layer, weight, slope)):
                at = next_entry[layer[k]]
                next_entry[layer[k]] = at + 1
                runs[y, layer[k]] += at == entry_of[y, layer[k]] or entry_x[at - 1] != x - 1
                entry_x[at] = x
                entry_light[at, 0], entry_light[at, 1] = weight[k] * red, weight[k] * green
                entry_light[at, 2], entry_light[at, 3] = weight[k] * blue, weight[k]
                if keep_slopes:
                    entry_slope[at] = slope[k]


@compiled
def find_runs(first_row, last_row, entry_of, entry_x, run_of, run_x, run_entry):
    for y in range(first_row, last_row):
        for layer in range(entry_of.shape[1] - 1):
            run = run_of[y, layer]
            for at in range(entry_of[y, layer], entry_of[y, layer + 1]):
                if at == entry_of[y, layer] or entry_x[at - 1] != entry_x[at] - 1:
                    run_x[run], run_entry[run] = entry_x[at], at
                    run += 1


# Lines: how layers are spread into a tile, and gathered from it.


@compiled
def _margin_of(taps):
    """How far left of the tile a span may begin that reaches into it."""
    return 2 * taps.radius.max() + 2


@compiled
def _new_lines(tile, margin, like):
    """Lines of zeros for a tile, for columns from `left - margin` on."""
    return np.zeros((tile[1] - tile[0], 4 * (margin + tile[3] - tile[2])), like.dtype)


@compiled
def _spread(line, source, first, count, x, change, next_change):
    """For each `i < count` add `source[first + i]` at `x + i` and, for the tap beside, at `x + i + 1`."""
    size = line.size // 4
    both = max(min(count, size - x - 1), 0)
    if both > 0:
        for channel in range(4):
            line[4 * x + channel] += change * source[4 * first + channel]
        into = line[4 * (x + 1) : 4 * (x + both)]
        here = source[4 * (first + 1) : 4 * (first + both)]
        before = source[4 * first : 4 * (first + both - 1)]
        for i in range(4 * (both - 1)):
            into[i] += change * here[i] + next_change * before[i]
        for channel in range(4):
            line[4 * (x + both) + channel] += next_change * source[4 * (first + both - 1) + channel]
    if both < count and x + both < size:
        for channel in range(4):
            line[4 * (x + both) + channel] += change * source[4 * (first + both) + channel]


@compiled
def _gather(line, into, first, count, x, change, next_change):
    """The transpose of `_spread`, in double precision."""
    change, next_change = np.float64(change), np.float64(next_change)
    size = line.size // 4
    both = max(min(count, size - x - 1), 0)
    if both > 0:
        to = into[4 * first : 4 * (first + both)]
        here = line[4 * x : 4 * (x + both)]
        behind = line[4 * (x + 1) : 4 * (x + both + 1)]
        for i in range(4 * both):
            to[i] += change * here[i] + next_change * behind[i]
    if both < count and x + both < size:
        for channel in range(4):
            into[4 * (first + both) + channel] += change * line[4 * (x + both) + channel]


@compiled
def _columns_of(sources, run, radius, width):
    """The columns of a run; at the picture's border the pixel is repeated as far as the kernel reaches."""
    x = sources.run_x[run]
    end = x + sources.run_entry[run + 1] - sources.run_entry[run]
    return x - radius if x == 0 else x, end + radius if end == width else end


@compiled
def _fetch(sources, run, first, end, buffer):
    """Copy some columns of a run with what is repeated at the border."""
    x, entry = sources.run_x[run], sources.run_entry[run]
    last = sources.run_entry[run + 1] - entry - 1
    for column in range(first, end):
        at = entry + min(max(column - x, 0), last)
        for channel in range(4):
            buffer[4 * (column - first) + channel] = sources.light[at, channel]


@compiled
def _taps_of(taps, layer, offset):
    """The first and last tap of a kernel's row `offset` below its middle, and the columns they reach."""
    row = taps.row[layer] + offset + taps.radius[layer]
    first, last = taps.offset[row], taps.offset[row + 1]
    if first == last:
        return first, last, 0, 0
    return first, last, taps.dx[first], taps.dx[last - 1] + 1


@compiled
def _spread_layer(layer, sources, taps, tile, size, margin, lines, low, high):
    """Spread a layer into a tile's lines.

    Args:
        layer: which.
        sources: see `Sources`.
        taps: see `Taps`.
        tile: top, bottom, left, right.
        size: height and width of the picture.
        margin: of the lines.
        lines: added to; or of size 0, to learn only where it would be.
        low: lowered to the first place of each line that is reached.
        high: raised to behind the last.

    Returns:
        Whether there was anything.
    """
    top, bottom, left, right = tile
    radius = taps.radius[layer]
    light = sources.light.reshape(-1)
    repeated = np.empty(0, light.dtype)
    found = False
    for y in range(top - radius, bottom + radius):
        row = min(max(y, 0), size[0] - 1)
        for run in range(sources.run_of[row, layer], sources.run_of[row, layer + 1]):
            first, end = _columns_of(sources, run, radius, size[1])
            first, end = max(first, left - radius - 1), min(end, right + radius)
            if first >= end:
                continue
            found = True
            source, x, entry = light, sources.run_x[run], sources.run_entry[run]
            if lines.size and (first < x or end > x + sources.run_entry[run + 1] - entry):
                if repeated.size == 0:
                    repeated = np.empty(4 * (right - left + 2 * radius + 1), light.dtype)
                _fetch(sources, run, first, end, repeated)
                source, x, entry = repeated, first, 0
            for line in range(max(top, y - radius) - top, min(bottom, y + radius + 1) - top):
                first_tap, last_tap, reach_left, reach_right = _taps_of(taps, layer, line + top - y)
                start, stop = max(first, left - reach_right), min(end, right - reach_left)
                if first_tap == last_tap or start >= stop:
                    continue
                low[line] = min(low[line], start + reach_left - left + margin)
                high[line] = max(high[line], min(stop + reach_right, right) - left + margin)
                if lines.size:
                    into = lines[line]
                    for tap in range(first_tap, last_tap):
                        _spread(
                            into, source, entry + start - x, stop - start,
                            start + taps.dx[tap] - left + margin, taps.change[tap], taps.next_change[tap],
                        )  # fmt: skip
    return found


@compiled
def _gather_layer(layer, scene, sources, taps, tile, margin, lines, gradient, first_row):
    """The transpose of `_spread_layer`, carried on to the pixels.

    Args:
        layer: which.
        scene: see `Scene`.
        sources: with slopes.
        taps: see `Taps`.
        tile: top, bottom, left, right.
        margin: of the lines.
        lines: what is owed to the layer's sums.
        gradient: `(rows, 4 * width)`; added to: by red, green, blue and disparity.
        first_row: the row of the picture that is `gradient`'s first.
    """
    top, bottom, left, right = tile
    height, width = scene.disparity.shape
    radius = taps.radius[layer]
    owed = np.empty(4 * (right - left + 2 * radius + 1), lines.dtype)
    for y in range(top - radius, bottom + radius):
        row = min(max(y, 0), height - 1)
        for run in range(sources.run_of[row, layer], sources.run_of[row, layer + 1]):
            first, end = _columns_of(sources, run, radius, width)
            first, end = max(first, left - radius - 1), min(end, right + radius)
            if first >= end:
                continue
            owed[: 4 * (end - first)] = 0
            for line in range(max(top, y - radius) - top, min(bottom, y + radius + 1) - top):
                first_tap, last_tap, reach_left, reach_right = _taps_of(taps, layer, line + top - y)
                start, stop = max(first, left - reach_right), min(end, right - reach_left)
                for tap in range(first_tap, last_tap if start < stop else first_tap):
                    _gather(
                        lines[line], owed, start - first, stop - start,
                        start + taps.dx[tap] - left + margin, taps.change[tap], taps.next_change[tap],
                    )  # fmt: skip
            x, entry = sources.run_x[run], sources.run_entry[run]
            last = sources.run_entry[run + 1] - entry - 1
            for column in range(first, end):
                offset = min(max(column - x, 0), last)
                weight = sources.light[entry + offset, 3]
                by_weight = owed[4 * (column - first) + 3]
                for channel in range(3):
                    by_light = owed[4 * (column - first) + channel]
                    by_weight += by_light * scene.light[channel, row, x + offset]
                    gradient[row - first_row, 4 * (x + offset) + channel] += weight * by_light
                gradient[row - first_row, 4 * (x + offset) + 3] += sources.slope[entry + offset] * by_weight


@compiled
def _sum_backwards(line, low, high):
    """The transpose of a running sum along a line."""
    red = green = blue = cover = 0.0
    for x in range(high - 1, low - 1, -1):
        red += line[4 * x]
        green += line[4 * x + 1]
        blue += line[4 * x + 2]
        cover += line[4 * x + 3]
        line[4 * x], line[4 * x + 1], line[4 * x + 2], line[4 * x + 3] = red, green, blue, cover


# Forward.


@compiled
def forward_tile(tile, blend, nodes, sources, taps, sums, full):
    top, bottom, left, right = tile
    rows, columns = bottom - top, right - left
    kind = sources.light.dtype
    margin = _margin_of(taps)
    lines = _new_lines(tile, margin, sources.light)
    total = np.zeros((rows, 4 * columns), kind)
    last = np.full((rows, 5 * columns if full.size else 0), -1, kind)
    # The room that is left; or for the product, what passes through the levels in front.
    room = np.full((rows, columns), 1 + ROOM_SLACK if blend == COVERAGE else 1, kind)
    # The coverage of the levels that do not hide the next one yet.
    recent = np.zeros((OCCLUSION_GAP + 1, rows, columns if blend == TRANSMITTANCE else 0), kind)
    low, high = np.empty(rows, np.int64), np.empty(rows, np.int64)
    for level in range(taps.radius.size // nodes):
        low[:], high[:] = margin + columns, 0
        found = False
        for layer in range(level * nodes, (level + 1) * nodes):
            found |= _spread_layer(layer, sources, taps, tile, sums.shape[1:], margin, lines, low, high)
        slot = level % (OCCLUSION_GAP + 1)
        _dim_by(recent[slot], room)
        if not found:
            continue
        summed = taps.summed[level * nodes]
        for y in range(rows):
            if low[y] < high[y]:
                if blend == COVERAGE:
                    _take_room(lines[y], low[y], high[y], margin, summed, level, total[y], room[y], last[y])
                else:
                    _add_dimmed(lines[y], low[y], high[y], margin, summed, total[y], room[y], recent[slot, y])
                lines[y, 4 * low[y] : 4 * high[y]] = 0
    for y in range(rows):
        for channel in range(4):
            for x in range(columns):
                sums[channel, top + y, left + x] = total[y, 4 * x + channel]
        for channel in range(5 if full.size else 0):
            for x in range(columns):
                full[channel, top + y, left + x] = last[y, 5 * x + channel]


@compiled
def _sum_margin(line, low, margin, summed):
    """What the running sum has come to at the tile's left edge."""
    red = green = blue = cover = 0.0
    if summed:
        for x in range(low, margin):
            red += line[4 * x]
            green += line[4 * x + 1]
            blue += line[4 * x + 2]
            cover += line[4 * x + 3]
    return red, green, blue, cover


@compiled
def _take_room(line, low, high, margin, summed, level, total, room, last):
    """A level takes the room that those in front left."""
    red, green, blue, cover = _sum_margin(line, low, margin, summed)
    for x in range(max(low, margin), high):
        if not summed:
            red = green = blue = cover = 0.0
        red += line[4 * x]
        green += line[4 * x + 1]
        blue += line[4 * x + 2]
        cover += line[4 * x + 3]
        at = x - margin
        left = room[at]
        if left <= 0:
            continue  # a coverage that rounding makes negative must not open it again
        if cover <= left:
            share = 1.0
            room[at] = left - cover
        else:
            share = left / cover
            room[at] = 0
            if last.size:
                last[5 * at], last[5 * at + 1] = level, share
                last[5 * at + 2] = red / cover
                last[5 * at + 3] = green / cover
                last[5 * at + 4] = blue / cover
        total[4 * at] += share * red
        total[4 * at + 1] += share * green
        total[4 * at + 2] += share * blue
        total[4 * at + 3] += share * cover


@compiled
def _add_dimmed(line, low, high, margin, summed, total, through, coverage):
    """A level is added as far as those in front let it through; notes its coverage, if there is where."""
    red, green, blue, cover = _sum_margin(line, low, margin, summed)
    for x in range(max(low, margin), high):
        if not summed:
            red = green = blue = cover = 0.0
        red += line[4 * x]
        green += line[4 * x + 1]
        blue += line[4 * x + 2]
        cover += line[4 * x + 3]
        at = x - margin
        total[4 * at] += through[at] * red
        total[4 * at + 1] += through[at] * green
        total[4 * at + 2] += through[at] * blue
        total[4 * at + 3] += through[at] * cover
        if coverage.size:
            coverage[at] = cover


@compiled
def _dim_by(coverage, through):
    """Let a level dim what is behind it, once: its coverage is forgotten."""
    for y in range(coverage.shape[0]):
        for x in range(coverage.shape[1]):
            if coverage[y, x] != 0:
                through[y, x] *= 1 - min(max(coverage[y, x], 0), 1)
                coverage[y, x] = 0


# Backward. Nothing as large as the picture is kept for each level: where factors hang on other levels'
# coverages, they come to one number a pixel (coverage), or are found by going forward again (transmittance).


@compiled
def backward_tile(tile, blend, nodes, scene, sources, taps, full, sums_gradient, gradient, first_row):
    """For weighted sum and coverage: what is owed to a pixel's levels is the same for all, up to the last."""
    top, bottom, left, right = tile
    height, width = scene.disparity.shape
    rows, columns = bottom - top, right - left
    margin = _margin_of(taps)
    # Double precision: what a pixel is owed is often the small difference of large sums.
    lines, none = _new_lines(tile, margin, np.empty(0)), np.empty((0, 0), scene.light.dtype)
    owed = np.empty((rows, 4 * columns), scene.light.dtype)
    last, share = np.full((rows, columns), taps.radius.size), np.ones((rows, columns), scene.light.dtype)
    low, high = np.empty(rows, np.int64), np.empty(rows, np.int64)
    for y in range(rows):
        for x in range(columns):
            for channel in range(4):
                owed[y, 4 * x + channel] = sums_gradient[channel, top + y, left + x]
            if blend == COVERAGE and full[0, top + y, left + x] >= 0:
                # Where the room is full, the more of a level the less of the last one.
                last[y, x], share[y, x] = int(full[0, top + y, left + x]), full[1, top + y, left + x]
                owed[y, 4 * x + 3] = 0
                for channel in range(3):
                    owed[y, 4 * x + 3] -= owed[y, 4 * x + channel] * full[2 + channel, top + y, left + x]
    for level in range(taps.radius.size // nodes):
        low[:], high[:] = margin + columns, 0
        found = False
        for layer in range(level * nodes, (level + 1) * nodes):
            found |= _spread_layer(layer, sources, taps, tile, (height, width), margin, none, low, high)
        if not found:
            continue
        for y in range(rows):
            for x in range(max(low[y], margin), high[y]):
                at = x - margin
                part = share[y, at] if level == last[y, at] else (1 if level < last[y, at] else 0)
                for channel in range(4):
                    lines[y, 4 * x + channel] = part * owed[y, 4 * at + channel]
            lines[y, 4 * low[y] : 4 * margin] = 0
            if taps.summed[level * nodes]:
                _sum_backwards(lines[y], low[y], high[y])
        for layer in range(level * nodes, (level + 1) * nodes):
            _gather_layer(layer, scene, sources, taps, tile, margin, lines, gradient, first_row)


@compiled
def backward_tile_through(tile, nodes, scene, sources, taps, sums, sums_gradient, gradient, first_row):
    """For the product of transmittances: goes forward again, OCCLUSION_GAP levels ahead of the gradient.

    The derivative by a level's coverage is its own share, less what all that it hides would gain. What level
    d hides is all from d + OCCLUSION_GAP + 1 on: the whole less the part that is known by then.
    """
    top, bottom, left, right = tile
    size = scene.disparity.shape
    rows, columns = bottom - top, right - left
    kind = scene.light.dtype
    depth = OCCLUSION_GAP + 1
    levels = taps.radius.size // nodes
    margin = _margin_of(taps)
    lines, back = _new_lines(tile, margin, scene.light), _new_lines(tile, margin, np.empty(0))
    owed = np.empty((rows, 4 * columns), kind)
    hidden, through = np.zeros((rows, columns), kind), np.ones((rows, columns), kind)
    coverage, passed = np.zeros((depth, rows, columns), kind), np.zeros((depth, rows, columns), kind)
    low, high = np.zeros((depth, rows), np.int64), np.zeros((depth, rows), np.int64)
    found = np.zeros(depth, np.bool_)
    for y in range(rows):
        for x in range(columns):
            for channel in range(4):
                owed[y, 4 * x + channel] = sums_gradient[channel, top + y, left + x]
                hidden[y, x] += owed[y, 4 * x + channel] * sums[channel, top + y, left + x]
    for ahead in range(levels + OCCLUSION_GAP):
        slot = ahead % depth
        _dim_by(coverage[slot], through)
        low[slot], high[slot] = margin + columns, 0
        found[slot] = False
        for layer in range(ahead * nodes, min(ahead + 1, levels) * nodes):
            found[slot] |= _spread_layer(
                layer, sources, taps, tile, size, margin, lines, low[slot], high[slot]
            )
        for y in range(rows if found[slot] else 0):
            start, stop = low[slot, y], high[slot, y]
            if start < stop:
                _take_from_hidden(
                    lines[y], start, stop, margin, taps.summed[ahead * nodes], owed[y], through[y],
                    coverage[slot, y], hidden[y],
                )  # fmt: skip
                lines[y, 4 * start : 4 * stop] = 0
                passed[slot, y] = through[y]
        level = ahead - OCCLUSION_GAP
        slot = level % depth
        if level < 0 or not found[slot]:
            continue
        for y in range(rows):
            start, stop = low[slot, y], high[slot, y]
            back[y, 4 * start : 4 * margin] = 0
            for x in range(max(start, margin), stop):
                at = x - margin
                for channel in range(4):
                    back[y, 4 * x + channel] = passed[slot, y, at] * owed[y, 4 * at + channel]
                if 0 <= coverage[slot, y, at] < 1:
                    back[y, 4 * x + 3] -= hidden[y, at] / (1 - coverage[slot, y, at])
            if taps.summed[level * nodes]:
                _sum_backwards(back[y], start, stop)
        for layer in range(level * nodes, (level + 1) * nodes):
            _gather_layer(layer, scene, sources, taps, tile, margin, back, gradient, first_row)


@compiled
def _take_from_hidden(line, low, high, margin, summed, owed, through, coverage, hidden):
    """A level comes to light: notes its coverage, and takes what it gives from what is hidden yet."""
    red = green = blue = cover = 0.0
    for x in range(low, high):
        if not summed:
            red = green = blue = cover = 0.0
        red += line[4 * x]
        green += line[4 * x + 1]
        blue += line[4 * x + 2]
        cover += line[4 * x + 3]
        if x >= margin:
            at = x - margin
            coverage[at] = cover
            hidden[at] -= through[at] * (
                owed[4 * at] * red
                + owed[4 * at + 1] * green
                + owed[4 * at + 2] * blue
                + owed[4 * at + 3] * cover
            )
