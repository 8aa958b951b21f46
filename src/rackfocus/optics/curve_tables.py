"""Transfer curves by tables, for video: a power of every sample of a frame takes longer than the network.

A table replaces a curve of `radiometry` on a CPU where no gradient is asked for; everywhere else the curve
itself is computed.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numba import njit
from torch import Tensor

from rackfocus.optics.radiometry import TRANSFER_CURVES, linear_to_srgb
from rackfocus.threads import run_bands

Curve = Callable[[Tensor], Tensor]

STEP_BITS = 16
"""Lower bits of a float32 within a step of the table: it has 128 steps between powers of two."""

BAND = 1 << 18
"""How many samples a thread converts at a time."""

compiled = njit(nogil=True, cache=True)


class TabulatedCurve:
    """A transfer curve by table: exact for half precision, else interpolated to within 3e-5 of its value.

    Args:
        curve: from encoded to linear values or the reverse; odd, as the curves of `radiometry` are.
    """

    def __init__(self, curve: Curve) -> None:
        self._curve = curve
        patterns = torch.arange(1 << 16, dtype=torch.int32)
        steps = curve((patterns[: 1 << 15] << STEP_BITS).view(torch.float32))
        # Steps that begin or end in infinity or NaN have the value at their beginning throughout.
        rise = torch.nan_to_num(torch.diff(steps, append=steps[-1:]), nan=0, posinf=0, neginf=0)
        self._steps = torch.stack([steps, rise], dim=1).numpy()
        self._halves = curve(patterns.to(torch.int16).view(torch.float16).float()).numpy()
        levels = np.nan_to_num(self._halves, nan=0.0).clip(0, 1)
        self._bytes = np.round(255 * levels).astype(np.uint8)

    def __call__(self, values: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The curve at each value, in single precision."""
        if values.device.type != "cpu" or values.requires_grad or values.dtype == torch.float64:
            return self._curve(values.float() if values.dtype == torch.float16 else values)
        values = values.detach().contiguous()
        result = torch.empty(values.shape, dtype=torch.float32)
        into = result.numpy().reshape(-1)
        if values.dtype == torch.float16:
            halves = values.view(torch.int16).numpy().reshape(-1).view(np.uint16)
            _in_bands(lambda band: _look_up(halves, self._halves, band, into), into.size)
        else:
            bits = values.float().view(torch.int32).numpy().reshape(-1).view(np.uint32)
            _in_bands(lambda band: _interpolate(bits, self._steps, band, into), into.size)
        return result

    def image(
        self, values: Float[Tensor, "3 height width"]
    ) -> UInt8[np.ndarray, "height width 3"] | UInt8[Tensor, "height width 3"]:
        """The curve at each value of a picture in half precision, limited to 0..1, in codes of 8 bits.

        Returns:
            An array, or a tensor on the device of the values if that is not the CPU.
        """
        if values.device.type != "cpu":
            levels = self._curve(values.float()).clamp(0, 1)
            return (255 * levels).round().byte().permute(1, 2, 0).contiguous()
        _, height, width = values.shape
        halves = values.contiguous().view(torch.int16).numpy().reshape(3, -1).view(np.uint16)
        codes = np.empty((height, width, 3), np.uint8)
        into = codes.reshape(-1, 3)
        _in_bands(lambda band: _look_up_pixels(halves, self._bytes, band, into), height * width)
        return codes


@cache
def decoding(transfer: str) -> TabulatedCurve:
    """The curve from encoded to linear light, by the name of the transfer function in `TRANSFER_CURVES`."""
    return TabulatedCurve(TRANSFER_CURVES[transfer][0])


@cache
def encoding(transfer: str) -> TabulatedCurve:
    """The curve from linear to encoded light."""
    return TabulatedCurve(TRANSFER_CURVES[transfer][1])


@cache
def to_srgb(transfer: str) -> TabulatedCurve:
    """The curve from encoded light to sRGB, limited to white: the models' input."""
    decode, _ = TRANSFER_CURVES[transfer]
    return TabulatedCurve(lambda encoded: linear_to_srgb(decode(encoded).clamp(-1, 1)))


def _in_bands(job: Callable[[tuple[int, int]], None], size: int) -> None:
    run_bands(job, [(first, min(first + BAND, size)) for first in range(0, size, BAND)])


@compiled
def _look_up(halves, table, band, into):  # type: ignore[no-untyped-def]
    for i in range(np.uintp(band[0]), np.uintp(band[1])):
        into[i] = table[halves[i]]


@compiled
def _look_up_pixels(halves, table, band, into):  # type: ignore[no-untyped-def]
    for i in range(np.uintp(band[0]), np.uintp(band[1])):
        for channel in range(3):
            into[i, channel] = table[halves[channel, i]]


@compiled
def _interpolate(bits, steps, band, into):  # type: ignore[no-untyped-def]
    within, share = np.uint32((1 << STEP_BITS) - 1), np.float32(1 / (1 << STEP_BITS))
    for i in range(np.uintp(band[0]), np.uintp(band[1])):
        size = bits[i] & np.uint32(0x7FFFFFFF)
        step = size >> np.uint32(STEP_BITS)
        value = steps[step, 0] + steps[step, 1] * (np.float32(size & within) * share)
        into[i] = -value if bits[i] >> np.uint32(31) else value
