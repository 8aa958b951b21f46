"""Maps of numbers in few bits: as steps, of which only the differences along rows are kept.

Compiled by numba: a map is read and written once, for memory takes most of the time.
"""

import numpy as np
import torch
from jaxtyping import Float, UInt16
from numba import njit
from torch import Tensor

from rackfocus.threads import bands

LARGEST = np.float32(2**15 - 1)

compiled = njit(nogil=True, cache=True, fastmath={"nsz"})


def packed(
    values: Float[Tensor, "channel height width"], step: float
) -> UInt16[np.ndarray, "channel height width"]:
    """Values as multiples of `step`, as differences along rows, folded to unsigned: small ones have few bits.

    Values beyond 32767 steps are clamped. Differences wrap around, and so do the sums in `unpacked`.

    Raises:
        ValueError: a value is not finite.
    """
    rows = values.cpu().reshape(-1, values.shape[-1]).numpy()
    folded = np.empty(rows.shape, np.uint16)
    for top, end in bands(len(rows)):
        # In single precision a band fits into the cache.
        if not _pack(rows[top:end].astype(np.float32), np.float32(step), folded[top:end]):
            raise ValueError("a value is not finite")
    return folded.reshape(values.shape)


def unpacked(
    folded: UInt16[np.ndarray, "channel height width"], step: float
) -> Float[Tensor, "channel height width"]:
    """The inverse of `packed`: the values, rounded to multiples of `step`."""
    rows = np.ascontiguousarray(folded).reshape(-1, folded.shape[-1])
    values = np.empty(rows.shape, np.float32)
    _unpack(rows, np.float32(step), values)
    return torch.from_numpy(values).view(folded.shape)


def rounded(values: Float[Tensor, "*shape"], step: float) -> Float[Tensor, "*shape"]:
    """The values that `unpacked` gives of what was `packed`, without packing them; NaN stays NaN."""
    largest = float(LARGEST)
    return (values.float() / step).round().clamp(-largest - 1, largest) * step


@compiled
def _pack(rows, step, folded):  # type: ignore[no-untyped-def]
    """Returns whether all values are finite."""
    finite = True
    for y in range(rows.shape[0]):
        values, into = rows[y], folded[y]
        before = np.int32(0)
        for x in range(np.uintp(values.size)):
            finite &= np.isfinite(values[x])
            steps = np.int32(min(max(np.rint(values[x] / step), -LARGEST - np.float32(1)), LARGEST))
            # The difference in 16 bits: 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
            difference = np.int32(np.int16(steps - before))
            into[x] = np.uint16((difference << np.int32(1)) ^ (difference >> np.int32(31)))
            before = steps
    return finite


@compiled
def _unpack(rows, step, values):  # type: ignore[no-untyped-def]
    for y in range(rows.shape[0]):
        folded, into = rows[y], values[y]
        steps = np.int32(0)
        for x in range(np.uintp(folded.size)):
            code = np.int32(folded[x])
            steps = np.int32(np.int16(steps + ((code >> np.int32(1)) ^ -(code & np.int32(1)))))
            into[x] = np.float32(steps) * step
