"""Y'CbCr codes to R'G'B' and back on a CPU, compiled by numba: one pass over the picture, row by row.

All compiled code is in this file, because numba's cache on disk checks for changes of this file only.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt
from numba import njit

from rackfocus.threads import bands, run_bands

compiled = njit(nogil=True, cache=True, fastmath={"contract", "nsz"})

Plane = UInt[np.ndarray, "rows columns"] | Float[np.ndarray, "rows columns"]


ALL_ROWS = slice(None)


class Coding(NamedTuple):
    """How a colour is coded.

    Attributes:
        weight_red: share of red in luma.
        weight_blue: share of blue in luma.
        black: the code of black.
        luma_span: how many codes white is above black.
        chroma_span: how many codes chroma covers.
        centre: the code of no chroma.
        largest: the largest code.
    """

    weight_red: float
    weight_blue: float
    black: float
    luma_span: float
    chroma_span: float
    centre: float
    largest: float


def yuv_to_rgb(
    luma: Plane, blue: Plane, red: Plane, coding: Coding, *, chroma_midway: bool, rows: slice = ALL_ROWS
) -> Float[np.ndarray, "3 band width"]:
    """R'G'B' in 0..1 of codes; chroma may have fewer samples, which are interpolated linearly.

    Args:
        luma: Y'.
        blue: Cb.
        red: Cr.
        coding: of the codes.
        chroma_midway: chroma lies midway between the luma samples of a row that share it, else level with the
            first. In a column it lies midway.
        rows: those to give.
    """
    height, width = luma.shape
    across = _between(width, blue.shape[1], midway=chroma_midway)
    before, share = _between(height, blue.shape[0], midway=True)
    luma, down = luma[rows], (before[rows], share[rows])
    rgb = np.empty((3, *luma.shape), np.float32)
    numbers = np.array(coding, np.float32)
    run_bands(lambda band: _decode(luma, blue, red, numbers, across, down, band, rgb), bands(len(luma)))
    return rgb


def rgb_to_yuv(
    rgb: Float[np.ndarray, "3 height width"], coding: Coding, luma: Plane, blue: Plane, red: Plane
) -> None:
    """Write R'G'B' into planes of codes; halved chroma is level with every second luma sample of a row.

    Args:
        rgb: R'G'B'; limited to what the codes can hold.
        coding: of the codes.
        luma: output, Y'.
        blue: output, Cb, of the size of luma or half of it in one or both directions.
        red: output, Cr, as `blue`.
    """
    numbers = np.array(coding, np.float32)
    run_bands(lambda rows: _encode(rgb, numbers, rows, luma, blue, red), bands(luma.shape[0]))


def _between(size: int, samples: int, *, midway: bool) -> tuple[np.ndarray, np.ndarray]:
    """For each of `size` pixels the chroma sample before it, and the share of the one behind that.

    Args:
        size: pixels of a row or column of luma.
        samples: of the chroma of the row or column.
        midway: the first sample lies in the middle of the pixels that share it, else on the first of them.
    """
    each = -(-size // samples)
    at = (np.arange(size) - ((each - 1) / 2 if midway else 0)) / each
    at = at.clip(0, samples - 1)
    before = np.minimum(at.astype(np.int64), max(samples - 2, 0))
    return before, (at - before).astype(np.float32)


@compiled
def _decode(luma, blue, red, numbers, columns, lines, rows, rgb):  # type: ignore[no-untyped-def]
    weight_red, weight_blue, black, luma_span, chroma_span, centre, _ = numbers
    zero, one, two = np.float32(0), np.float32(1), np.float32(2)
    weight_green = one - weight_red - weight_blue
    to_red, to_blue = two * (one - weight_red), two * (one - weight_blue)
    red_to_green, blue_to_green = weight_red * to_red / weight_green, weight_blue * to_blue / weight_green
    width = luma.shape[1]
    mixed = np.empty(blue.shape[1] + 1, np.float32)
    blues, reds = np.empty(width, np.float32), np.empty(width, np.float32)
    for y in range(rows[0], rows[1]):
        _chroma_row(blue, y, columns, lines, centre, chroma_span, mixed, blues)
        _chroma_row(red, y, columns, lines, centre, chroma_span, mixed, reds)
        codes, into_red, into_green, into_blue = luma[y], rgb[0, y], rgb[1, y], rgb[2, y]
        for x in range(np.uintp(width)):
            grey = (np.float32(codes[x]) - black) / luma_span
            into_red[x] = min(max(grey + to_red * reds[x], zero), one)
            into_green[x] = min(max(grey - red_to_green * reds[x] - blue_to_green * blues[x], zero), one)
            into_blue[x] = min(max(grey + to_blue * blues[x], zero), one)


@compiled
def _chroma_row(plane, y, columns, lines, centre, span, mixed, row):  # type: ignore[no-untyped-def]
    """Chroma of a row of luma, interpolated linearly, around zero."""
    (before, share), (above, part) = columns, lines
    count = plane.shape[1]
    nearest, farther, down = plane[above[y]], plane[min(above[y] + 1, plane.shape[0] - 1)], part[y]
    for x in range(np.uintp(count)):
        code = np.float32(nearest[x])
        mixed[x] = (code + down * (np.float32(farther[x]) - code) - centre) / span
    if count == row.size:
        for x in range(np.uintp(count)):
            row[x] = mixed[x]
        return
    mixed[count] = mixed[count - 1]
    for x in range(np.uintp(row.size)):
        at = np.uintp(before[x])
        row[x] = mixed[at] + share[x] * (mixed[at + np.uintp(1)] - mixed[at])


@compiled
def _encode(rgb, numbers, rows, luma, blue, red):  # type: ignore[no-untyped-def]
    weight_red, weight_blue, black, luma_span, chroma_span, centre, largest = numbers
    one, two = np.float32(1), np.float32(2)
    weight_green = one - weight_red - weight_blue
    by_blue, by_red = chroma_span / (two * (one - weight_blue)), chroma_span / (two * (one - weight_red))
    height, width = luma.shape
    thin = 2 if blue.shape[0] < height else 1
    cb, cr = np.empty(width, np.float32), np.empty(width, np.float32)
    # Bands have an even number of rows, so that no pair of rows is divided.
    for y in range(rows[0], rows[1]):
        reds, greens, blues, codes = rgb[0, y], rgb[1, y], rgb[2, y], luma[y]
        first = y % thin == 0
        for x in range(np.uintp(width)):
            grey = weight_red * reds[x] + weight_green * greens[x] + weight_blue * blues[x]
            code = min(max(np.rint(grey * luma_span + black), np.float32(0)), largest)
            codes[x] = np.uint16(code)
            from_blue, from_red = by_blue * (blues[x] - grey), by_red * (reds[x] - grey)
            cb[x] = from_blue if first else (cb[x] + from_blue) / two
            cr[x] = from_red if first else (cr[x] + from_red) / two
        if y % thin == thin - 1 or y == height - 1:
            _write_chroma(cb, centre, largest, blue[y // thin])
            _write_chroma(cr, centre, largest, red[y // thin])


@compiled
def _write_chroma(row, centre, largest, codes):  # type: ignore[no-untyped-def]
    width, count = row.size, codes.size
    quarter, half, zero = np.float32(0.25), np.float32(0.5), np.float32(0)
    if count == width:
        for x in range(np.uintp(width)):
            codes[x] = np.uint16(min(max(np.rint(row[x] + centre), zero), largest))
        return
    for i in range(count):
        before, after = row[max(2 * i - 1, 0)], row[min(2 * i + 1, width - 1)]
        mixed = half * row[2 * i] + quarter * (before + after)
        codes[i] = np.uint16(min(max(np.rint(mixed + centre), zero), largest))
