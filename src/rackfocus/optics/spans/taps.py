"""Lens kernels as taps: the places where the values of a kernel's rows change, for the span kernels."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from rackfocus.optics.field import layer_kernel, nodes_of
from rackfocus.types import LensShape


class Taps(NamedTuple):
    """The kernels of all layers.

    Attributes:
        radius: of each layer's kernel.
        row: the index in `offset` of each kernel's first row (`dy = -radius`).
        offset: the index of the first tap of each kernel row; its taps end where the next row begins.
        dx: position in columns to the right of the source; ascending in a row. Behind the taps of all rows
            there is one more, which changes nothing.
        change: the difference to the value before `dx`; the kernel's value itself where not `summed`.
        next_change: the same one column further to the right: one loop spreads by both.
        summed: whether the layer needs a running sum along its rows.
    """

    radius: Int[np.ndarray, "layer"]
    row: Int[np.ndarray, "layer"]
    offset: Int[np.ndarray, "row"]
    dx: Int[np.ndarray, "tap"]
    change: Float[np.ndarray, "tap"]
    next_change: Float[np.ndarray, "tap"]
    summed: np.ndarray


def layer_taps(
    shape: LensShape, levels: Sequence[int], height: int, width: int, dtype: np.dtype[np.floating]
) -> Taps:
    """The taps of the layers of all levels, node after node within a level."""
    nodes = nodes_of(shape)[0] * nodes_of(shape)[1]
    radius, row, summed = [], [], []
    parts: list[_Rows] = []
    first_row: dict[int, int] = {}
    rows = 0
    for level in levels:
        kernels = [_taps(shape, level, node, height, width) for node in range(nodes)]
        # All nodes of a level are spread into the same lines, so all or none of them are summed.
        by_change = sum(len(k.changes.dx) for k in kernels) < sum(len(k.values.dx) for k in kernels)
        for kernel in kernels:
            part = kernel.changes if by_change else kernel.values
            if id(part) not in first_row:
                first_row[id(part)] = rows
                parts.append(part)
                rows += len(part.offset)
            radius.append(abs(level))
            row.append(first_row[id(part)])
            summed.append(by_change)
    taps_before = np.cumsum([0, *(len(part.dx) for part in parts)])
    return Taps(
        radius=np.array(radius),
        row=np.array(row),
        offset=np.concatenate(
            [part.offset + before for part, before in zip(parts, taps_before, strict=False)]
        ),
        dx=np.concatenate([*(part.dx for part in parts), [0]]),
        change=np.concatenate([*(part.change for part in parts), [0]]).astype(dtype),
        next_change=np.concatenate([*(part.next_change for part in parts), [0]]).astype(dtype),
        summed=np.array(summed),
    )


class _Rows(NamedTuple):
    """As in `Taps`, for one kernel."""

    offset: np.ndarray
    dx: np.ndarray
    change: np.ndarray
    next_change: np.ndarray


class _Kernel(NamedTuple):
    """The values of a kernel, and their changes along its rows."""

    values: _Rows
    changes: _Rows


@lru_cache(maxsize=8192)
def _taps(shape: LensShape, level: int, node: int, height: int, width: int) -> _Kernel:
    kernel = layer_kernel(shape, level, node, height, width).numpy()
    changes = np.diff(kernel, axis=1, prepend=0, append=0)
    # Differences due to rounding would cost as much time as real ones.
    changes[np.abs(changes) < 1e-12 * kernel.max()] = 0
    return _Kernel(_pairs(kernel), _pairs(changes))


def _pairs(rows: np.ndarray) -> _Rows:
    """The nonzero values of each row, two columns at a time."""
    radius = len(rows) // 2
    padded = np.pad(rows, ((0, 0), (0, 1)))
    at: list[tuple[int, int]] = []
    offset = [0]
    for y, row in enumerate(padded):
        behind = 0
        for x in np.flatnonzero(row).tolist():
            if x >= behind:
                at.append((y, x))
                behind = x + 2
        offset.append(len(at))
    y, x = np.array(at).T
    return _Rows(np.array(offset), x - radius, padded[y, x], padded[y, x + 1])
