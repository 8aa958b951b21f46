"""The span algorithm on a CPU, compiled by numba: spreads the sources of `source_kernels` into tiles.

A row of a blur disk is a span: to spread a pixel over it, add its value where the span begins and subtract
it behind the span's end; a running sum along the row then gives the result. So a pixel costs O(r), not
O(r^2). Ends within a pixel and other shapes have more places of change: the `Taps`.
Neighbouring pixels of one row and level form a run, which is spread with one loop for each tap (`_spread`,
which takes half of the time and is bound by loads and stores).

One thread makes a tile of the picture from start to end, level after level, front to back, two rows at a
time, so that the accumulators stay in the cache. A line buffer holds the tile's columns and, on both sides, a
margin for spans that extend beyond the tile. Channels are interleaved, (r, g, b, coverage), so that a loop
reads memory in order.

What these functions call is in this file, because numba's cache on disk checks for changes of the file of a
function only. The types come from the calls in `cpu`, not from annotations.
"""

import numpy as np

from rackfocus.optics.levels import OCCLUSION_GAP, ROOM_SLACK, Blend
from rackfocus.optics.spans.source_kernels import PADDING, compiled, inlined

COVERAGE, TRANSMITTANCE = int(Blend.COVERAGE), int(Blend.TRANSMITTANCE)


# Lines: how layers are spread into a tile, and gathered from it.


@compiled
def _margin_of(taps):
    """How far left of the tile a span that reaches into it may begin."""
    return 2 * taps.radius.max() + 2


@compiled
def _new_pair(tile, margin, like):
    """Two lines of zeros as wide as the tile, with a margin on both sides and padding for `_spread`."""
    return np.zeros((2, 4 * (tile[3] - tile[2] + 2 * margin + PADDING)), like.dtype)


@compiled
def _new_lines(tile, margin):
    """Lines for a whole tile, in double precision: gradients are often small differences of large sums."""
    return np.zeros((tile[1] - tile[0], 4 * (margin + tile[3] - tile[2])))


@inlined
def _spread(pair, source, first, count, cut, x, change, next_change, other_x, other_change, other_next):
    """Spread a part of a run into two lines.

    For each `i < count` add `source[first + i]` at `x + i` and, for the next tap, at `x + i + 1`. One loop
    does both, as a run has zeros on both sides; where its left part was cut off, `cut` leaves out the value
    found there instead. The length of the loop is a multiple of the SIMD width. Its indices are unsigned,
    because the check for Python's negative indices would prevent vectorisation.
    """
    to, other_to, at = np.uintp(4 * x), np.uintp(pair.size // 2 + 4 * other_x), np.uintp(4 * first)
    if cut:
        for channel in range(np.uintp(4)):
            pair[to + channel] += change * source[at + channel]
            pair[other_to + channel] += other_change * source[at + channel]
        to, other_to, at, count = to + np.uintp(4), other_to + np.uintp(4), at + np.uintp(4), count - 1
    before = at - np.uintp(4)
    for i in range(np.uintp(4 * PADDING * ((count + PADDING) // PADDING))):
        pair[to + i] += change * source[at + i] + next_change * source[before + i]
        pair[other_to + i] += other_change * source[at + i] + other_next * source[before + i]


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
def _runs_near(level, nodes, sources, taps, tile, height):
    """The runs of a level that may extend into a tile.

    Returns:
        For each run its row, first column, column behind the last, and first entry; sorted by node, then row.
        And the index of the first run of each node, with the number of runs at the end.
    """
    top, bottom, left, right = tile
    radius = taps.radius[level * nodes]
    first_of = np.zeros(nodes + 1, np.int64)
    most = 0
    for y in range(top - radius, bottom + radius):
        row = min(max(y, 0), height - 1)
        most += sources.run_of[row, (level + 1) * nodes] - sources.run_of[row, level * nodes]
    runs = np.empty((most, 4), np.int64)
    count = 0
    for node in range(nodes if most else 0):
        layer = level * nodes + node
        for y in range(top - radius, bottom + radius):
            row = min(max(y, 0), height - 1)
            for run in range(sources.run_of[row, layer], sources.run_of[row, layer + 1]):
                x, entry = sources.run_x[run], sources.run_entry[run]
                end = x + sources.run_entry[run + 1] - PADDING - entry
                if x < right + radius and end >= left - radius:
                    runs[count, 0], runs[count, 1], runs[count, 2], runs[count, 3] = y, x, end, entry
                    count += 1
        first_of[node + 1] = count
    return runs[:count], first_of


@compiled
def _taps_of(taps, layer, offset):
    """The first and last tap of a kernel's row `offset` below its middle, and the columns they reach."""
    radius = taps.radius[layer]
    first = last = 0
    if -radius <= offset <= radius:
        row = taps.row[layer] + offset + radius
        first, last = taps.offset[row], taps.offset[row + 1]
    if first == last:
        return 0, 0, radius + 1, -radius
    return first, last, taps.dx[first], taps.dx[last - 1] + 1


@compiled
def _spread_level(level, y, runs, next_run, first_of, light, taps, tile, margin, pair):
    """Spread a level into two lines of a tile. Two lines share the loads, which cost more than the additions.

    Args:
        level: index of the level.
        y: the row of the picture that corresponds to the first line.
        runs: see `_runs_near`.
        next_run: for each node, the first run that reaches the lines; rows must ascend from call to call.
        first_of: see `_runs_near`.
        light: of `Sources`, flattened.
        taps: see `Taps`.
        tile: top, bottom, left, right.
        margin: of the lines.
        pair: the lines, flattened; added to. If its size is 0, only the range is computed.

    Returns:
        The first index that is reached in either line, and the index behind the last.
    """
    left, right = tile[2], tile[3]
    nodes = len(next_run)
    # Read from the tuple once, because numba counts references.
    dx, change, next_change = taps.dx, taps.change, taps.next_change
    nothing = len(dx) - 1
    low, high = margin + right - left, 0
    for node in range(nodes):
        layer = level * nodes + node
        radius = taps.radius[layer]
        while next_run[node] < first_of[node + 1] and runs[next_run[node], 0] < y - radius:
            next_run[node] += 1
        for run in range(next_run[node], first_of[node + 1]):
            row, x, end, entry = runs[run, 0], runs[run, 1], runs[run, 2], runs[run, 3]
            if row > y + 1 + radius:
                break
            first, last, reach_left, reach_right = _taps_of(taps, layer, y - row)
            other_first, other_last, other_left, other_right = _taps_of(taps, layer, y + 1 - row)
            reach_left, reach_right = min(reach_left, other_left), max(reach_right, other_right)
            start, stop = max(x, left - reach_right), min(end, right - reach_left)
            if start >= stop:
                continue
            low = min(low, start + reach_left - left + margin)
            high = max(high, min(stop + reach_right, right) - left + margin)
            to = start - left + margin
            for k in range(max(last - first, other_last - other_first) if pair.size else 0):
                tap = first + k if first + k < last else nothing
                other = other_first + k if other_first + k < other_last else nothing
                _spread(
                    pair, light, entry + start - x, stop - start, start > x,
                    to + dx[tap], change[tap], next_change[tap],
                    to + dx[other], change[other], next_change[other],
                )  # fmt: skip
    return low, high


@compiled
def _gather_level(level, runs, first_of, scene, sources, taps, tile, margin, lines, gradient, first_row):
    """The transpose of `_spread_level` for all lines of a tile, followed by the gradient of the pixels.

    Args:
        level: index of the level.
        runs: see `_runs_near`.
        first_of: see `_runs_near`.
        scene: see `Scene`.
        sources: with slopes.
        taps: see `Taps`.
        tile: top, bottom, left, right.
        margin: of the lines.
        lines: the gradient of the layer's sums.
        gradient: `(rows, 4 * width)`; added to: of red, green, blue and disparity.
        first_row: the row of the picture that is the first one of `gradient`.
    """
    top, bottom, left, right = tile
    height, width = scene.disparity.shape
    nodes = len(first_of) - 1
    radius = taps.radius[level * nodes]
    owed = np.empty(4 * (right - left + 2 * radius + 1), lines.dtype)
    for node in range(nodes):
        layer = level * nodes + node
        for run in range(first_of[node], first_of[node + 1]):
            y, x, end, entry = runs[run, 0], runs[run, 1], runs[run, 2], runs[run, 3]
            first, end = max(x, left - radius - 1), min(end, right + radius)
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
            row = min(max(y, 0), height - 1)
            for column in range(first, end):
                source, at = entry + column - x, min(max(column, 0), width - 1)
                weight = sources.light[source, 3]
                by_weight = owed[4 * (column - first) + 3]
                for channel in range(3):
                    by_light = owed[4 * (column - first) + channel]
                    by_weight += by_light * scene.light[channel, row, at]
                    gradient[row - first_row, 4 * at + channel] += weight * by_light
                gradient[row - first_row, 4 * at + 3] += sources.slope[source] * by_weight


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
    light = sources.light.reshape(-1)
    pair = _new_pair(tile, margin, sources.light)
    total = np.zeros((rows, 4 * columns), kind)
    last = np.full((rows, 5 * columns if full.size else 0), -1, kind)
    # The room that is left; for the product of transmittances, what passes through the levels in front.
    room = np.full((rows, columns), 1 + ROOM_SLACK if blend == COVERAGE else 1, kind)
    # The coverage of the levels that are too near to occlude the next one.
    recent = np.zeros((OCCLUSION_GAP + 1, rows, columns if blend == TRANSMITTANCE else 0), kind)
    for level in range(taps.radius.size // nodes):
        slot = level % (OCCLUSION_GAP + 1)
        _dim_by(recent[slot], room)
        runs, first_of = _runs_near(level, nodes, sources, taps, tile, sums.shape[1])
        if len(runs) == 0:
            continue
        summed = taps.summed[level * nodes]
        next_run = first_of[:-1].copy()
        for even in range(0, rows, 2):
            low, high = _spread_level(
                level, top + even, runs, next_run, first_of, light, taps, tile, margin, pair.reshape(-1)
            )
            if low >= high:
                continue
            for y in range(even, min(even + 2, rows)):
                line = pair[y - even]
                if blend == COVERAGE:
                    _take_room(line, low, high, margin, summed, level, total[y], room[y], last[y])
                else:
                    _add_dimmed(line, low, high, margin, summed, total[y], room[y], recent[slot, y])
            pair[:, 4 * low : 4 * (high + margin + PADDING)] = 0
    for y in range(rows):
        for channel in range(4):
            for x in range(columns):
                sums[channel, top + y, left + x] = total[y, 4 * x + channel]
        for channel in range(5 if full.size else 0):
            for x in range(columns):
                full[channel, top + y, left + x] = last[y, 5 * x + channel]


@compiled
def _sum_margin(line, low, margin, summed):
    """The value of the running sum at the tile's left edge."""
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
    """Give a level the room that the levels in front left."""
    red, green, blue, cover = _sum_margin(line, low, margin, summed)
    for x in range(np.uintp(max(low, margin)), np.uintp(high)):
        if not summed:
            red = green = blue = cover = 0.0
        here = np.uintp(4) * x
        red += line[here]
        green += line[here + np.uintp(1)]
        blue += line[here + np.uintp(2)]
        cover += line[here + np.uintp(3)]
        at = x - np.uintp(margin)
        left = np.float64(room[at])
        if left <= 0:
            continue  # a coverage made negative by rounding must not reopen the room
        share = 1.0
        if cover > left:
            share = left / cover
            if last.size:
                to = np.uintp(5) * at
                last[to], last[to + np.uintp(1)] = level, share
                last[to + np.uintp(2)] = red / cover
                last[to + np.uintp(3)] = green / cover
                last[to + np.uintp(4)] = blue / cover
        room[at] = max(left - cover, 0.0)
        to = np.uintp(4) * at
        total[to] += share * red
        total[to + np.uintp(1)] += share * green
        total[to + np.uintp(2)] += share * blue
        total[to + np.uintp(3)] += share * cover


@compiled
def _add_dimmed(line, low, high, margin, summed, total, through, coverage):
    """Add a level, dimmed by the levels in front; store its coverage if an array for it is given."""
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
    """Dim what is behind a level by its coverage, once; the stored coverage is reset."""
    for y in range(coverage.shape[0]):
        for x in range(coverage.shape[1]):
            if coverage[y, x] != 0:
                through[y, x] *= 1 - min(max(coverage[y, x], 0), 1)
                coverage[y, x] = 0


# Backward. No picture-sized array is kept for each level: where factors depend on the coverages of other
# levels, one number a pixel is kept (coverage), or they are computed again forward (transmittance).


@compiled
def backward_tile(tile, blend, nodes, scene, sources, taps, full, sums_gradient, gradient, first_row):
    """Weighted sum and coverage: the gradient is the same for all levels of a pixel, up to the last."""
    top, bottom, left, right = tile
    height = scene.disparity.shape[0]
    rows, columns = bottom - top, right - left
    margin = _margin_of(taps)
    lines, none = _new_lines(tile, margin), np.empty(0, scene.light.dtype)
    owed = np.empty((rows, 4 * columns), scene.light.dtype)
    last, share = np.full((rows, columns), taps.radius.size), np.ones((rows, columns), scene.light.dtype)
    for y in range(rows):
        for x in range(columns):
            for channel in range(4):
                owed[y, 4 * x + channel] = sums_gradient[channel, top + y, left + x]
            if blend == COVERAGE and full[0, top + y, left + x] >= 0:
                # Where the room is full, an increase of a level reduces the last one.
                last[y, x], share[y, x] = int(full[0, top + y, left + x]), full[1, top + y, left + x]
                owed[y, 4 * x + 3] = 0
                for channel in range(3):
                    owed[y, 4 * x + 3] -= owed[y, 4 * x + channel] * full[2 + channel, top + y, left + x]
    for level in range(taps.radius.size // nodes):
        runs, first_of = _runs_near(level, nodes, sources, taps, tile, height)
        if len(runs) == 0:
            continue
        next_run = first_of[:-1].copy()
        for even in range(0, rows, 2):
            low, high = _spread_level(
                level, top + even, runs, next_run, first_of, none, taps, tile, margin, none
            )
            for y in range(even, min(even + 2, rows)):
                for x in range(max(low, margin), high):
                    at = x - margin
                    part = share[y, at] if level == last[y, at] else (1 if level < last[y, at] else 0)
                    for channel in range(4):
                        lines[y, 4 * x + channel] = part * owed[y, 4 * at + channel]
                lines[y, 4 * low : 4 * margin] = 0
                if taps.summed[level * nodes]:
                    _sum_backwards(lines[y], low, high)
        _gather_level(level, runs, first_of, scene, sources, taps, tile, margin, lines, gradient, first_row)


@compiled
def backward_tile_through(tile, nodes, scene, sources, taps, sums, sums_gradient, gradient, first_row):
    """Product of transmittances: computes forward again, OCCLUSION_GAP levels ahead of the gradient.

    The derivative by a level's coverage is its own share minus what all levels that it occludes would gain.
    Level d occludes the levels from d + OCCLUSION_GAP + 1 on: the total minus the part already passed.
    """
    top, bottom, left, right = tile
    size = scene.disparity.shape
    rows, columns = bottom - top, right - left
    kind = scene.light.dtype
    depth = OCCLUSION_GAP + 1
    levels = taps.radius.size // nodes
    margin = _margin_of(taps)
    pair, lines = _new_pair(tile, margin, scene.light), _new_lines(tile, margin)
    light = sources.light.reshape(-1)
    owed = np.empty((rows, 4 * columns), kind)
    hidden, through = np.zeros((rows, columns), kind), np.ones((rows, columns), kind)
    coverage, passed = np.zeros((depth, rows, columns), kind), np.zeros((depth, rows, columns), kind)
    low, high = np.zeros((depth, rows), np.int64), np.zeros((depth, rows), np.int64)
    for y in range(rows):
        for x in range(columns):
            for channel in range(4):
                owed[y, 4 * x + channel] = sums_gradient[channel, top + y, left + x]
                hidden[y, x] += owed[y, 4 * x + channel] * sums[channel, top + y, left + x]
    for ahead in range(levels + OCCLUSION_GAP):
        slot = ahead % depth
        _dim_by(coverage[slot], through)
        low[slot], high[slot] = margin + columns, 0
        if ahead < levels:
            runs, first_of = _runs_near(ahead, nodes, sources, taps, tile, size[0])
            next_run = first_of[:-1].copy()
            for even in range(0, rows if len(runs) else 0, 2):
                start, stop = _spread_level(
                    ahead, top + even, runs, next_run, first_of, light, taps, tile, margin, pair.reshape(-1)
                )
                for y in range(even, min(even + 2, rows)):
                    low[slot, y], high[slot, y] = start, stop
                    if start < stop:
                        _take_from_hidden(
                            pair[y - even], start, stop, margin, taps.summed[ahead * nodes], owed[y],
                            through[y], coverage[slot, y], hidden[y],
                        )  # fmt: skip
                        passed[slot, y] = through[y]
                pair[:, 4 * start : 4 * (stop + margin + PADDING)] = 0
        level = ahead - OCCLUSION_GAP
        slot = level % depth
        if level < 0 or (low[slot] >= high[slot]).all():
            continue
        for y in range(rows):
            start, stop = low[slot, y], high[slot, y]
            lines[y, 4 * start : 4 * margin] = 0
            for x in range(max(start, margin), stop):
                at = x - margin
                for channel in range(4):
                    lines[y, 4 * x + channel] = passed[slot, y, at] * owed[y, 4 * at + channel]
                if 0 <= coverage[slot, y, at] < 1:
                    lines[y, 4 * x + 3] -= hidden[y, at] / (1 - coverage[slot, y, at])
            if taps.summed[level * nodes]:
                _sum_backwards(lines[y], start, stop)
        runs, first_of = _runs_near(level, nodes, sources, taps, tile, size[0])
        _gather_level(level, runs, first_of, scene, sources, taps, tile, margin, lines, gradient, first_row)


@compiled
def _take_from_hidden(line, low, high, margin, summed, owed, through, coverage, hidden):
    """Move on by a level: store its coverage, and subtract its contribution from what is still occluded."""
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
