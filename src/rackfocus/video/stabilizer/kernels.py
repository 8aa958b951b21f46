"""The temporal filter on a CPU, compiled by numba: a single pass over the picture.

For each pixel it follows the flows from frame to frame, samples a value of each frame, and computes their
weights (Eq. 8). No picture-sized intermediate is written: at 1080p the medians alone of warped pictures take
.8 s a frame in numpy or torch, this whole filter .2 s. Where a flow is not consistent (Eq. 7) it is NaN, and
so is every position computed from it: no separate mask is needed.

Pixels that are visible in all frames of the window, almost all of them, are processed together without
branches, so that the compiler vectorises (eight at once); the others one by one.

`gpu` computes the same with whole pictures. All compiled code is in this file, because numba's cache on disk
checks for changes of this file only. The types come from the calls in `cpu`.
"""

import math

import numpy as np
from numba import njit

compiled = njit(nogil=True, cache=True, fastmath={"contract", "nsz"})
inlined = njit(nogil=True, inline="always")

HALF = np.float32(0.5)
ZERO = np.float32(0)

CHUNK = 256
"""Columns processed at a time, so that intermediate values stay in the cache."""


@inlined
def _held(at, size):
    """A coordinate, clamped to the pixel centres; the picture ends half a pixel outside them."""
    return min(max(at, ZERO), np.float32(size - 1))


@inlined
def _inside(x, y, height, width):
    """Whether a point is inside the picture; False for NaN."""
    return x >= -HALF and x <= width - HALF and y >= -HALF and y <= height - HALF


@inlined
def _mix(a, b, c, d, right, down):
    """Bilinear interpolation of the four pixels around a point."""
    above = a + right * (b - a)
    return above + down * (c + right * (d - c) - above)


@compiled
def keep_consistent(flow, back, delta, rows):
    """Eq. 7: set `flow` to NaN where the flow back does not return to within `delta` pixels.

    Args:
        flow: from a frame to another, `(height, width, 2)`; changed in place.
        back: from the other frame to this one; must not have been processed by this function.
        delta: in pixels.
        rows: the first row to process, and the row behind the last.
    """
    height, width, _ = flow.shape
    for y in range(rows[0], rows[1]):
        for x in range(width):
            u, v = flow[y, x, 0], flow[y, x, 1]
            to_x, to_y = np.float32(x) + u, np.float32(y) + v
            consistent = False
            if _inside(to_x, to_y, height, width):
                to_x, to_y = _held(to_x, width), _held(to_y, height)
                left, top = int(to_x), int(to_y)
                right, down = to_x - np.float32(left), to_y - np.float32(top)
                one, next_ = left + (right > 0), top + (down > 0)
                off_x = u + _mix(
                    back[top, left, 0],
                    back[top, one, 0],
                    back[next_, left, 0],
                    back[next_, one, 0],
                    right,
                    down,
                )
                off_y = v + _mix(
                    back[top, left, 1],
                    back[top, one, 1],
                    back[next_, left, 1],
                    back[next_, one, 1],
                    right,
                    down,
                )
                consistent = off_x * off_x + off_y * off_y <= delta * delta
            if not consistent:
                flow[y, x, 0] = np.nan
                flow[y, x, 1] = np.nan


@compiled
def find_nonzero_exposure(log_exposure, lit):
    """Mark pixels where `E` is above 0 in the pixel or its neighbours to the right and below."""
    height, width, _ = log_exposure.shape
    own = np.empty((2, width + 1), np.bool_)
    own[:] = False
    for y in range(height - 1, -1, -1):
        here, below = own[y % 2], own[(y + 1) % 2]
        for x in range(width):
            e = log_exposure[y, x]
            here[x] = e[0] > 0 or e[1] > 0 or e[2] > 0
        for x in range(width):
            lit[y, x] = here[x] or here[x + 1] or below[x] or below[x + 1]


@compiled
def _weigh(values, penalties, scale, order, weights):
    """Weights of unit sum: `exp(-median_j |v_k - v_j| / scale - penalty_k)`.

    In the sorted values the neighbours of `v_k` are the nearest ones, so the median of its distances is found
    by moving outwards from it over half of the values.
    """
    count = values.size
    for k in range(count):
        at = k
        while at > 0 and values[order[at - 1]] > values[k]:
            order[at] = order[at - 1]
            at -= 1
        order[at] = k
    least = np.float32(np.inf)
    for rank in range(count):
        own = values[order[rank]]
        low = high = rank
        before = distance = ZERO
        for _ in range(count // 2):
            before = distance
            under = own - values[order[low - 1]] if low > 0 else np.float32(np.inf)
            over = values[order[high + 1]] - own if high < count - 1 else np.float32(np.inf)
            if under < over:
                low -= 1
                distance = under
            else:
                high += 1
                distance = over
        median = distance if count % 2 else HALF * (before + distance)
        weights[order[rank]] = median / scale + penalties[order[rank]]
        least = min(least, weights[order[rank]])
    total = ZERO
    for k in range(count):
        # The minimum is subtracted, which normalisation cancels: otherwise all weights could underflow to 0.
        weights[k] = math.exp(least - weights[k])
        total += weights[k]
    for k in range(count):
        weights[k] /= total


@compiled
def _nearest(own, ranked, steps, into):
    """The distance to the `steps`-th nearest value, for all columns; each value counts as its own nearest.

    For a window of `steps + 1` ranks that contains the value, the larger distance to its two ends bounds it;
    the result is the minimum over all windows. Windows without the value are wider and do not change the
    minimum.
    """
    into[:] = np.inf
    for first in range(ranked.shape[0] - steps):
        low, high = ranked[first], ranked[first + steps]
        for i in range(own.size):
            into[i] = min(into[i], max(own[i] - low[i], high[i] - own[i]))


@compiled
def _mean_of_all(values, penalties, scale, ranked, costs, scratch, mean):
    """The mean with the weights of `_weigh`, for columns whose values are all visible."""
    count, width = ranked.shape
    for k in range(count):
        for i in range(width):
            ranked[k, i] = values[k, i]
    # Odd-even transposition sort: sorted after `count` passes.
    for turn in range(count):
        for k in range(turn % 2, count - 1, 2):
            low, high = ranked[k], ranked[k + 1]
            for i in range(width):
                a, b = low[i], high[i]
                low[i], high[i] = min(a, b), max(a, b)
    for k in range(count):
        cost, own = costs[k], values[k, :width]
        _nearest(own, ranked, count // 2, cost)
        if count % 2 == 0:
            _nearest(own, ranked, count // 2 - 1, scratch)
            for i in range(width):
                cost[i] = HALF * (cost[i] + scratch[i])
        for i in range(width):
            cost[i] = cost[i] / scale + penalties[k, i]
    for i in range(width):
        scratch[i] = costs[0, i]
    for k in range(1, count):
        for i in range(width):
            scratch[i] = min(scratch[i], costs[k, i])
    for i in range(width):
        total = weighted = ZERO
        for k in range(count):
            weight = math.exp(scratch[i] - costs[k, i])
            total += weight
            weighted += weight * values[k, i]
        mean[i] = weighted / total


@compiled
def stabilize(
    lumas, disparities, exposures, lit, backward, forward, past, future, scales, rows, out, out_exposure
):
    """Eq. 8 for rows of one frame.

    Args:
        lumas: of the frames in the window, 0..255, `(slot, height, width)`.
        disparities: of the same shape.
        exposures: log exposures, `(slot, height, width, 3)`.
        lit: see `find_nonzero_exposure`, by slot.
        backward: flows from a frame to the previous one, by slot; NaN where not consistent.
        forward: flows to the next frame.
        past: slots of the frame and of those before it, backwards in time.
        future: slots of the frame and of those after it.
        scales: differences in luma, disparity and log exposure (the mean over its channels) at which a weight
            falls by a factor of e.
        rows: the first row to process, and the row behind the last.
        out: `(height, width)`.
        out_exposure: `(3, height, width)`.
    """
    _, height, width = disparities.shape
    luma_scale, scale, exposure_scale = scales
    room = past.size + future.size - 1
    size = min(CHUNK, width)
    values, ranked = np.zeros((room, size), np.float32), np.empty((room, size), np.float32)
    at_x, at_y = np.empty((room, size), np.float32), np.empty((room, size), np.float32)
    costs, penalties = np.empty((room, size), np.float32), np.zeros((room, size), np.float32)
    slots, seen = np.zeros((room, size), np.int64), np.empty(size, np.int64)
    here_x, here_y = np.empty(size, np.float32), np.empty(size, np.float32)
    scratch = np.empty(size, np.float32)
    is_lit = np.empty(size, np.bool_)
    few, fines = np.empty(room, np.float32), np.empty(room, np.float32)
    weights, order = np.empty(room, np.float32), np.empty(room, np.int64)
    light = np.empty((room, 3), np.float32)
    own = past[0]
    for y in range(rows[0], rows[1]):
        for start in range(0, width, size):
            columns = min(size, width - start)
            for i in range(columns):
                values[0, i] = disparities[own, y, start + i]
                at_x[0, i], at_y[0, i], slots[0, i] = start + i, y, own
                is_lit[i] = lit[own, y, start + i]
                seen[i] = 1
            for side in range(2):
                flows, chain = (backward, past) if side == 0 else (forward, future)
                for i in range(columns):
                    here_x[i], here_y[i] = start + i, y
                for step in range(chain.size - 1):
                    slot = chain[step + 1]
                    flow, map_, lights, luma = flows[chain[step]], disparities[slot], lit[slot], lumas[slot]
                    for i in range(columns):
                        x, y_ = here_x[i], here_y[i]
                        if x != x:  # NaN: not visible in this frame
                            continue
                        left, top = int(x), int(y_)
                        right, down = x - np.float32(left), y_ - np.float32(top)
                        one, next_ = left + (right > 0), top + (down > 0)
                        x += _mix(
                            flow[top, left, 0],
                            flow[top, one, 0],
                            flow[next_, left, 0],
                            flow[next_, one, 0],
                            right,
                            down,
                        )
                        y_ += _mix(
                            flow[top, left, 1],
                            flow[top, one, 1],
                            flow[next_, left, 1],
                            flow[next_, one, 1],
                            right,
                            down,
                        )
                        if not _inside(x, y_, height, width):
                            here_x[i] = np.nan
                            continue
                        x, y_ = _held(x, width), _held(y_, height)
                        here_x[i], here_y[i] = x, y_
                        left, top = int(x), int(y_)
                        right, down = x - np.float32(left), y_ - np.float32(top)
                        one, next_ = left + (right > 0), top + (down > 0)
                        k = seen[i]
                        values[k, i] = _mix(
                            map_[top, left], map_[top, one], map_[next_, left], map_[next_, one], right, down
                        )
                        unlike = _mix(
                            np.float32(luma[top, left]),
                            np.float32(luma[top, one]),
                            np.float32(luma[next_, left]),
                            np.float32(luma[next_, one]),
                            right,
                            down,
                        )
                        unlike = (unlike - np.float32(lumas[own, y, start + i])) / luma_scale
                        penalties[k, i] = unlike * unlike
                        at_x[k, i], at_y[k, i], slots[k, i] = x, y_, slot
                        is_lit[i] |= lights[top, left]
                        seen[i] = k + 1
            of_row = out[y, start : start + columns]
            _mean_of_all(
                values, penalties, scale, ranked[:, :columns], costs[:, :columns], scratch[:columns], of_row
            )
            for i in range(columns):
                count = seen[i]
                for k in range(count):
                    fines[k] = penalties[k, i]
                if count < room:
                    for k in range(count):
                        few[k] = values[k, i]
                    _weigh(few[:count], fines, scale, order, weights)
                    mean = ZERO
                    for k in range(count):
                        mean += weights[k] * few[k]
                    of_row[i] = mean
                for channel in range(3):
                    out_exposure[channel, y, start + i] = ZERO
                if not is_lit[i]:
                    continue
                for k in range(count):
                    map_3 = exposures[slots[k, i]]
                    left, top = int(at_x[k, i]), int(at_y[k, i])
                    right, down = at_x[k, i] - np.float32(left), at_y[k, i] - np.float32(top)
                    one, next_ = left + (right > 0), top + (down > 0)
                    for channel in range(3):
                        light[k, channel] = _mix(
                            map_3[top, left, channel],
                            map_3[top, one, channel],
                            map_3[next_, left, channel],
                            map_3[next_, one, channel],
                            right,
                            down,
                        )
                    few[k] = (light[k, 0] + light[k, 1] + light[k, 2]) / np.float32(3)
                _weigh(few[:count], fines, exposure_scale, order, weights)
                for k in range(count):
                    for channel in range(3):
                        out_exposure[channel, y, start + i] += weights[k] * light[k, channel]
