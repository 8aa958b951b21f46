"""The span algorithm on a GPU, compiled by Triton. `gpu` launches these kernels; on a CPU see `tile_kernels`.

All levels of a band (some rows of the picture) are in memory at once:

    lines[level, row, place, channel]      channels are (r, g, b, coverage)

Places are columns, after a margin for spans that begin left of the picture. If all of these were added at the
picture's edge, the rounding error of so many additions would spread along the row.

`spread` adds each pixel to the lines where its kernels' rows change, by atomic additions. Then `blend`, with
a program for each row, computes the running sum along the row and blends the levels, with the room in
registers. The backward pass is the transpose: `layer_gradients` overwrites the lines by the gradient of each
level, and `gather` collects it.

Functions have no type annotations: Triton infers types. What varies from picture to picture is never a
compile-time constant, because every picture would then be compiled again.
"""

from typing import no_type_check

import triton
import triton.language as tl

from rackfocus.optics.levels import MATTE_FALLOFF, MATTE_REACH, OCCLUSION_GAP, ROOM_SLACK, Blend

_COVERAGE, _TRANSMITTANCE = tl.constexpr(int(Blend.COVERAGE)), tl.constexpr(int(Blend.TRANSMITTANCE))
_FALLOFF, _REACH, _SLACK = tl.constexpr(MATTE_FALLOFF), tl.constexpr(MATTE_REACH), tl.constexpr(ROOM_SLACK)

# The coverages of the levels too near to occlude the next one are variables: registers cannot be indexed.
assert OCCLUSION_GAP == 2

_VARYING = [
    "light", "values", "sums", "full", "sums_gradient",
    "top", "rows", "height", "width", "margin", "border", "lowest", "levels",
]  # fmt: skip


# Sources: a program handles some pixels of a row, the picture's own or repeated beyond its edge, each in one
# of the layers that contain it.


@triton.jit
@no_type_check
def _layer_of(light, values, v, u, height, width, lowest, levels, SOFT: tl.constexpr,
              COLUMNS: tl.constexpr, ROWS: tl.constexpr):  # fmt: skip
    """The pixels of this program; their (r, g, b, 1); and of each the level, layer, radius, weight and slope.

    The second program index selects one of the pixel's levels, the third one of the nodes around it.
    """
    slot = tl.program_id(1)
    x, y = tl.minimum(tl.maximum(u, 0), width - 1), tl.minimum(tl.maximum(v, 0), height - 1)
    pixel = y * width + x
    channel = tl.arange(0, 4)[None, :]
    source = tl.load(light + channel * (height * width) + pixel[:, None], mask=channel < 3, other=1.0)
    if SOFT:
        value = tl.load(values + pixel)
        floor = tl.floor(value)
        # In double precision, so that rounding does not decide which levels are within reach.
        exact = value.to(tl.float64)
        # The level below the range and the one above it are never both within reach.
        step = tl.where((slot == 0) & (exact - (floor - _REACH) > _REACH), _REACH + 1, slot - _REACH)
        weight, total, mean = value * 0, value * 0, value * 0
        for other in tl.static_range(-_REACH, _REACH + 2):
            distance = exact - (floor + other)
            matte = tl.exp((distance * distance * -_FALLOFF).to(value.dtype))
            matte = tl.where(tl.abs(distance) <= _REACH, matte, 0.0)
            weight = tl.where(step == other, matte, weight)
            total += matte
            mean += matte * other
        weight /= total
        slope = 2 * _FALLOFF * weight * (step - mean / total)
        level = floor.to(tl.int32) + step
        radius = tl.abs(level)
        level -= lowest
    else:
        behind, outer = slot // 2, slot % 2
        value = tl.load(values + behind * (height * width) + pixel)
        size = tl.abs(value)
        inner = tl.floor(size)
        outer_share = (size - inner) * (size + inner) / (2 * inner + 1)
        rise = 2 * value / (2 * inner + 1)
        radius = inner.to(tl.int32) + outer
        weight = tl.where(outer > 0, outer_share, 1 - outer_share)
        weight = tl.where((behind > 0) & (value <= 0), 0.0, weight)
        slope = tl.where(behind > 0, 0.0, tl.where(outer > 0, rise, -rise))
        level = tl.where(behind > 0, levels + radius, tl.where(value < 0, -radius, radius) - lowest)
    layer = level * (COLUMNS * ROWS)
    if COLUMNS > 1:
        right, below = tl.program_id(2) % 2, tl.program_id(2) // 2
        across = (x * (COLUMNS - 1)).to(tl.float64) / tl.maximum(width - 1, 1)
        down = (y * (ROWS - 1)).to(tl.float64) / tl.maximum(height - 1, 1)
        column = tl.minimum(across.to(tl.int32), COLUMNS - 2)
        row = tl.minimum(down.to(tl.int32), ROWS - 2)
        share = tl.where(right > 0, across - column, column + 1 - across)
        share *= tl.where(below > 0, down - row, row + 1 - down)
        layer += (row + below) * COLUMNS + column + right
        weight, slope = weight * share.to(weight.dtype), slope * share.to(slope.dtype)
    return pixel, source, level, layer, radius, weight, slope


@triton.jit
@no_type_check
def _pixels(top, width, border, BLOCK: tl.constexpr):
    """The row and the columns of this program."""
    blocks = (width + 2 * border + BLOCK - 1) // BLOCK
    v = top - border + tl.program_id(0) // blocks
    return v, tl.program_id(0) % blocks * BLOCK - border + tl.arange(0, BLOCK)


@triton.jit(do_not_specialize=_VARYING)
@no_type_check
def spread(light, values, row_of, summed, offset, dx, change, lines,
           top, rows, height, width, margin, border, lowest, levels, SOFT: tl.constexpr,
           COLUMNS: tl.constexpr, ROWS: tl.constexpr, BLOCK: tl.constexpr):  # fmt: skip
    """Add all sources to the lines of a band."""
    v, u = _pixels(top, width, border, BLOCK)
    _, source, level, layer, radius, weight, _ = _layer_of(
        light, values, v, u, height, width, lowest, levels, SOFT, COLUMNS, ROWS
    )
    active = (weight != 0) & (u < width + border) & (u - radius < width) & (u + radius >= 0)
    source = (source * weight[:, None]).to(lines.dtype.element_ty)
    is_summed = tl.load(summed + level, mask=active, other=0) > 0
    middle = offset + tl.load(row_of + layer, mask=active, other=0) + radius
    furthest = tl.max(tl.where(active, radius, -1), axis=0)
    channel = tl.arange(0, 4)[None, :]
    for dy in range(tl.maximum(-furthest, top - v), tl.minimum(furthest + 1, top + rows - v)):
        reached = active & (dy <= radius) & (-dy <= radius)
        first = tl.load(middle + dy, mask=reached, other=0)
        count = tl.load(middle + dy + 1, mask=reached, other=0) - first
        line = (level.to(tl.int64) * rows + (v + dy - top)) * (width + margin)
        for tap in range(0, tl.max(count, axis=0)):
            left = u + margin + tl.load(dx + first + tap, mask=tap < count, other=0)
            for beside in tl.static_range(2):
                by = tl.load(change + 2 * (first + tap) + beside, mask=tap < count, other=0.0)
                # Spans that begin left of the margin are moved to its edge.
                place = tl.where(is_summed, tl.maximum(left + beside, 0), left + beside)
                inside = (by != 0) & (place >= 0) & (place < width + margin)
                at = lines + (line + place)[:, None] * 4 + channel
                tl.atomic_add(at, source * by[:, None], mask=inside[:, None], sem="relaxed")


@triton.jit(do_not_specialize=_VARYING)
@no_type_check
def gather(light, values, row_of, summed, offset, dx, change, lines, gradient,
           top, rows, height, width, margin, border, lowest, levels, SOFT: tl.constexpr,
           COLUMNS: tl.constexpr, ROWS: tl.constexpr, BLOCK: tl.constexpr):  # fmt: skip
    """The transpose of `spread`, followed by the gradient of red, green, blue and disparity.

    The loop over taps is written in both functions: with a shared function, Triton's interpreter, and so the
    tests, would be much slower.
    """
    v, u = _pixels(top, width, border, BLOCK)
    pixel, source, level, layer, radius, weight, slope = _layer_of(
        light, values, v, u, height, width, lowest, levels, SOFT, COLUMNS, ROWS
    )
    active = (weight != 0) | (slope != 0)
    active = active & (u < width + border) & (u - radius < width) & (u + radius >= 0)
    is_summed = tl.load(summed + level, mask=active, other=0) > 0
    middle = offset + tl.load(row_of + layer, mask=active, other=0) + radius
    furthest = tl.max(tl.where(active, radius, -1), axis=0)
    channel = tl.arange(0, 4)[None, :]
    owed = tl.full((BLOCK, 4), 0.0, tl.float64)
    for dy in range(tl.maximum(-furthest, top - v), tl.minimum(furthest + 1, top + rows - v)):
        reached = active & (dy <= radius) & (-dy <= radius)
        first = tl.load(middle + dy, mask=reached, other=0)
        count = tl.load(middle + dy + 1, mask=reached, other=0) - first
        line = (level.to(tl.int64) * rows + (v + dy - top)) * (width + margin)
        for tap in range(0, tl.max(count, axis=0)):
            left = u + margin + tl.load(dx + first + tap, mask=tap < count, other=0)
            for beside in tl.static_range(2):
                by = tl.load(change + 2 * (first + tap) + beside, mask=tap < count, other=0.0)
                place = tl.where(is_summed, tl.maximum(left + beside, 0), left + beside)
                inside = (by != 0) & (place >= 0) & (place < width + margin)
                at = lines + (line + place)[:, None] * 4 + channel
                owed += by[:, None] * tl.load(at, mask=inside[:, None], other=0.0)
    by_disparity = slope * tl.sum(owed * source, axis=1)
    given = tl.where(channel < 3, weight[:, None] * owed, by_disparity[:, None])
    tl.atomic_add(gradient + pixel[:, None] * 4 + channel, given, mask=active[:, None], sem="relaxed")


# Rows: a program handles one row of a band, in all levels or in one.


@triton.jit
@no_type_check
def _coverage_of(layer):
    return tl.sum(tl.where(tl.arange(0, 4)[None, :] == 3, layer, 0.0), axis=1)


@triton.jit
@no_type_check
def _let_through(coverage):
    return 1 - tl.minimum(tl.maximum(coverage, 0.0), 1.0)


@triton.jit(do_not_specialize=_VARYING)
@no_type_check
def blend(lines, summed, sums, full, top, rows, height, width, margin, levels,
          BLEND: tl.constexpr, KEEP: tl.constexpr, BLOCK: tl.constexpr):  # fmt: skip
    """Blend all levels of a row, front to back."""
    line = tl.program_id(0).to(tl.int64)
    place, pitch = tl.arange(0, BLOCK), width + margin
    channel = tl.arange(0, 4)[None, :]
    inside = (place < pitch)[:, None]
    seen = (place >= margin) & (place < pitch)
    kind: tl.constexpr = lines.dtype.element_ty
    total, none = tl.full((BLOCK, 4), 0.0, kind), tl.full((BLOCK,), 0.0, kind)
    # The room that is left; for the product of transmittances, what passes through the levels in front.
    room = none + 1
    if BLEND == _COVERAGE:
        room += _SLACK
    # For the level that filled the room: its colour, and which part of its coverage had room.
    last, kept = none - 1, total
    # The coverage of the levels that are too near to occlude this one and the next.
    near, middle, far = none, none, none
    for level in range(0, levels):
        at = (line + tl.cast(rows, tl.int64) * level) * pitch * 4
        layer = tl.load(lines + at + place[:, None] * 4 + channel, mask=inside, other=0.0)
        if tl.load(summed + level) > 0:
            layer = tl.cumsum(layer, axis=0)
        if BLEND == _COVERAGE:
            cover = _coverage_of(layer)
            over = cover > room
            divisor = tl.where(over, cover, 1.0)
            # A coverage made negative by rounding must not reopen a full room.
            share = tl.where(room <= 0, 0.0, tl.where(over, room / divisor, 1.0))
            if KEEP:
                ends = over & (room > 0)
                last = tl.where(ends, level, last)
                now = tl.where(channel < 3, layer / divisor[:, None], share[:, None])
                kept = tl.where(ends[:, None], now, kept)
            room = tl.where(room <= 0, room, tl.where(over, 0.0, room - cover))
            layer = share[:, None] * layer
        if BLEND == _TRANSMITTANCE:
            room *= _let_through(far)
            near, middle, far = _coverage_of(layer), near, middle
            layer = room[:, None] * layer
        total += layer
    plane = height * width
    pixel = (top + line) * width + place - margin
    tl.store(sums + channel * plane + pixel[:, None], total, mask=seen[:, None])
    if KEEP:
        tl.store(full + pixel, last, mask=seen)
        # Plane 1 of `full` is the share, planes 2 to 4 are the colour.
        tl.store(full + (channel + 2 - channel // 3 * 4) * plane + pixel[:, None], kept, mask=seen[:, None])


@triton.jit(do_not_specialize=_VARYING)
@no_type_check
def layer_gradients(lines, summed, full, sums_gradient, top, rows, height, width, margin,
        BLEND: tl.constexpr, BLOCK: tl.constexpr):  # fmt: skip
    """The gradient of each level, for weighted sum and coverage: the same for all levels, up to the last."""
    line, level = tl.program_id(0) % rows, tl.program_id(0) // rows
    place, pitch = tl.arange(0, BLOCK), width + margin
    channel = tl.arange(0, 4)[None, :]
    inside = (place < pitch)[:, None]
    seen = (place >= margin) & (place < pitch)
    plane = height * width
    pixel = (top + line) * width + place - margin
    owed = tl.load(sums_gradient + channel * plane + pixel[:, None], mask=seen[:, None], other=0.0)
    if BLEND == _COVERAGE:
        last = tl.load(full + pixel, mask=seen, other=-1.0)
        share = tl.load(full + plane + pixel, mask=seen, other=0.0)
        at = full + (channel + 2) * plane + pixel[:, None]
        colour = tl.load(at, mask=seen[:, None] & (channel < 3), other=0.0)
        # Where the room is full, an increase of a level reduces the last one.
        ends = last >= 0
        less = -tl.sum(owed * colour, axis=1)
        owed = tl.where(ends[:, None] & (channel == 3), less[:, None], owed)
        owed *= tl.where(ends & (level >= last), tl.where(level == last, share, 0.0), 1.0)[:, None]
    # In double precision, because the gradient is often a small difference of large sums.
    owed = owed.to(tl.float64)
    if tl.load(summed + level) > 0:
        owed = tl.cumsum(owed, axis=0, reverse=True)
    at = (level.to(tl.int64) * rows + line) * pitch * 4
    tl.store(lines + at + place[:, None] * 4 + channel, owed, mask=inside)


@triton.jit(do_not_specialize=_VARYING)
@no_type_check
def transmittance_gradients(lines, summed, sums, sums_gradient, top, rows, height, width, margin, levels,
                BLOCK: tl.constexpr):  # fmt: skip
    """The gradient for the product of transmittances, from a second forward pass two levels ahead of it.

    The derivative by a level's coverage is its own share minus what all levels that it occludes would gain:
    the total minus the part already passed. The gradient of a level overwrites its line.
    """
    line = tl.program_id(0).to(tl.int64)
    place, pitch = tl.arange(0, BLOCK), width + margin
    channel = tl.arange(0, 4)[None, :]
    inside = (place < pitch)[:, None]
    seen = (place >= margin) & (place < pitch)
    plane = height * width
    pixel = (top + line) * width + place - margin
    owed = tl.load(sums_gradient + channel * plane + pixel[:, None], mask=seen[:, None], other=0.0)
    owed = owed.to(tl.float64)
    whole = tl.load(sums + channel * plane + pixel[:, None], mask=seen[:, None], other=0.0)
    hidden = tl.sum(owed * whole, axis=1)
    none = tl.full((BLOCK,), 0.0, tl.float64)
    through, passed_near, passed_middle = none + 1, none, none
    near, middle, far = none, none, none
    stride = tl.cast(rows, tl.int64) * pitch * 4
    for ahead in range(0, levels + 2):
        at = lines + line * pitch * 4 + stride * ahead + place[:, None] * 4 + channel
        through *= _let_through(far)
        layer = tl.full((BLOCK, 4), 0.0, tl.float64)
        if ahead < levels:
            layer = tl.load(at, mask=inside, other=0.0)
            if tl.load(summed + ahead) > 0:
                layer = tl.cumsum(layer, axis=0)
            hidden -= through * tl.sum(owed * layer, axis=1)
        if ahead >= 2:
            back = passed_middle[:, None] * owed
            behind = tl.where((middle >= 0) & (middle < 1), hidden / (1 - middle), 0.0)
            back -= tl.where(channel == 3, behind[:, None], 0.0)
            if tl.load(summed + ahead - 2) > 0:
                back = tl.cumsum(back, axis=0, reverse=True)
            # From here on all threads have read the line.
            tl.debug_barrier()
            tl.store(at - 2 * stride, back, mask=inside)
        passed_near, passed_middle = through, passed_near
        near, middle, far = _coverage_of(layer), near, middle
