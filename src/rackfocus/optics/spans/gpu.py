"""The renderer's layers by span kernels on a GPU: split into bands of rows, run by `triton_kernels`.

Atomic additions have no fixed order, so results are equal up to rounding, not bit for bit.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rackfocus.optics.field import nodes_of
from rackfocus.optics.levels import MATTE_REACH, Blend
from rackfocus.optics.spans import triton_kernels as kernels
from rackfocus.optics.spans.taps import layer_taps
from rackfocus.types import LensShape

LINES_BYTES = 2**30
"""Memory for a band of rows with all its levels; the band has as many rows as fit, at least one."""

SOURCES = 128
"""Number of pixels of a row that one Triton program spreads."""

_ROUND_LEVELS = 8
"""Levels are rounded outwards to multiples of this, so that frames of a video share the cached kernels."""

_OPTIONS = {"enable_fp_fusion": True}
"""Set explicitly because Triton warns that its default will change."""


class DeviceTaps(NamedTuple):
    """`Taps` on a GPU.

    Attributes:
        row: as in `Taps`.
        summed: as in `Taps`, but for each level.
        offset: as in `Taps`.
        dx: as in `Taps`.
        change: `change` and `next_change`.
    """

    row: Int[Tensor, "layer"]
    summed: Int[Tensor, "level"]
    offset: Int[Tensor, "row"]
    dx: Int[Tensor, "tap"]
    change: Float[Tensor, "tap 2"]


class Picture(NamedTuple):
    """One picture of a batch and how its pixels are divided into layers; see `cpu.Scene`.

    Attributes:
        light: `(r, g, b)` to spread.
        values: the disparity and, if there is a fill, its radius.
        taps: the kernels of all layers.
        lowest: the first level of the disparity.
        visible: number of levels of the disparity.
        border: how far beyond the picture its pixels are repeated.
        margin: see `triton_kernels`; at most so wide that the lines become twice as long.
        soft: whether shares come from the soft matte (True) or by area.
        nodes: columns and rows of the grid of field positions.
    """

    light: Float[Tensor, "3 height width"]
    values: Float[Tensor, "values height width"]
    taps: DeviceTaps
    lowest: int
    visible: int
    border: int
    margin: int
    soft: bool
    nodes: tuple[int, int]


def forward(
    light: Float[Tensor, "batch 3 height width"],
    disparity: Float[Tensor, "batch 1 height width"],
    fill: Float[Tensor, "batch 1 fill_height fill_width"],
    blend: Blend,
    shape: LensShape,
    *,
    keep: bool,
) -> tuple[Float[Tensor, "batch 4 height width"], Float[Tensor, "batch 5 kept_height kept_width"]]:
    """As `cpu.forward`, for a batch."""
    batch, _, height, width = light.shape
    keep = keep and blend is Blend.COVERAGE
    sums = light.new_empty(batch, 4, height, width)
    full = light.new_empty(batch, 5, *((height, width) if keep else (0, 0)))
    with _on(light):
        for image in range(batch):
            picture = _picture(light[image], disparity[image], fill[image], blend, shape)
            levels, margin = len(picture.taps.summed), picture.margin
            for top, rows, lines in _bands(levels, height, width + margin, light.new_empty(0)):
                _scatter(kernels.spread, picture, lines.zero_(), top=top, rows=rows)
                kernels.blend[(rows,)](
                    lines, picture.taps.summed, sums[image], full[image],
                    top, rows, height, width, margin, levels,
                    BLEND=int(blend), KEEP=keep, **_of_row(width + margin),
                )  # fmt: skip
    return sums, full


def backward(
    light: Float[Tensor, "batch 3 height width"],
    disparity: Float[Tensor, "batch 1 height width"],
    fill: Float[Tensor, "batch 1 fill_height fill_width"],
    blend: Blend,
    shape: LensShape,
    sums: Float[Tensor, "batch 4 height width"],
    full: Float[Tensor, "batch 5 kept_height kept_width"],
    sums_gradient: Float[Tensor, "batch 4 height width"],
) -> tuple[Float[Tensor, "batch 3 height width"], Float[Tensor, "batch 1 height width"]]:
    """As `cpu.backward`, for a batch."""
    batch, _, height, width = light.shape
    sums_gradient = sums_gradient.contiguous()
    gradient = light.new_zeros(batch, height, width, 4, dtype=torch.float64)
    with _on(light):
        for image in range(batch):
            picture = _picture(light[image], disparity[image], fill[image], blend, shape)
            summed, margin = picture.taps.summed, picture.margin
            for top, rows, lines in _bands(len(summed), height, width + margin, gradient.new_empty(0)):
                band = (top, rows, height, width, margin)
                if blend is Blend.TRANSMITTANCE:
                    _scatter(kernels.spread, picture, lines.zero_(), top=top, rows=rows)
                    kernels.transmittance_gradients[(rows,)](
                        lines, summed, sums[image], sums_gradient[image], *band, len(summed),
                        **_of_row(width + margin),
                    )  # fmt: skip
                else:
                    kernels.layer_gradients[(rows * len(summed),)](
                        lines, summed, full[image], sums_gradient[image], *band,
                        BLEND=int(blend), **_of_row(width + margin),
                    )  # fmt: skip
                _scatter(kernels.gather, picture, lines, gradient[image], top=top, rows=rows)
    planes = gradient.permute(0, 3, 1, 2).to(light.dtype)
    return planes[:, :3].contiguous(), planes[:, 3:].contiguous()


def _on(light: Tensor) -> Any:
    """Make the tensor's device current: Triton launches on the current device."""
    return torch.cuda.device(light.device) if light.is_cuda else nullcontext()


def _picture(light: Tensor, disparity: Tensor, fill: Tensor, blend: Blend, shape: LensShape) -> Picture:
    height, width = disparity.shape[-2:]
    soft = blend is not Blend.COVERAGE
    reach = MATTE_REACH if soft else 1
    ends = [disparity.min(), disparity.max(), *([fill.max()] if fill.numel() else [])]
    least, most, widest = [*torch.stack(ends).tolist(), 0.0][:3]
    lowest, highest = math.floor(least) - reach, math.ceil(most) + reach
    filled = math.ceil(widest) + 2 if widest else 0
    border = max(abs(lowest), abs(highest), filled - 1)
    return Picture(
        light=light.contiguous(),
        values=torch.cat([disparity, fill]) if filled else disparity.contiguous(),
        taps=_taps(shape, lowest, highest, filled, height, width, light),
        lowest=lowest,
        visible=highest + 1 - lowest,
        border=border,
        margin=min(2 * border, width),
        soft=soft,
        nodes=nodes_of(shape),
    )


def _taps(
    shape: LensShape, lowest: int, highest: int, filled: int, height: int, width: int, light: Tensor
) -> DeviceTaps:
    """The kernels of the levels from lowest to highest, followed by those of the fill."""
    first = lowest // _ROUND_LEVELS * _ROUND_LEVELS
    end = -(-(highest + 1) // _ROUND_LEVELS) * _ROUND_LEVELS
    filled_end = -(-filled // _ROUND_LEVELS) * _ROUND_LEVELS
    taps = _rounded_taps(shape, first, end, filled_end, height, width, light.dtype, light.device)
    row = taps.row.view(len(taps.summed), -1)
    used = slice(lowest - first, highest + 1 - first), slice(end - first, end - first + filled)
    return taps._replace(
        row=torch.cat([row[part] for part in used]).flatten(),
        summed=torch.cat([taps.summed[part] for part in used]),
    )


@lru_cache(maxsize=16)
def _rounded_taps(
    shape: LensShape,
    first: int,
    end: int,
    filled: int,
    height: int,
    width: int,
    dtype: torch.dtype,
    device: torch.device,
) -> DeviceTaps:
    levels = [*range(first, end), *range(filled)]
    taps = layer_taps(shape, levels, height, width, torch.empty(0, dtype=dtype).numpy().dtype)

    def on_device(array: Any) -> Tensor:
        return torch.from_numpy(array).to(device, torch.int32)

    changes = [torch.from_numpy(taps.change), torch.from_numpy(taps.next_change)]
    return DeviceTaps(
        row=on_device(taps.row),
        summed=on_device(taps.summed[:: len(taps.row) // len(levels)]),
        offset=on_device(taps.offset),
        dx=on_device(taps.dx),
        change=torch.stack(changes, dim=1).to(device),
    )


def _bands(levels: int, height: int, pitch: int, like: Tensor) -> Iterator[tuple[int, int, Tensor]]:
    """For each band its first row, its number of rows, and its buffer of lines."""
    row = levels * pitch * 4
    rows = min(max(LINES_BYTES // (row * like.element_size()), 1), height)
    lines = like.new_empty(rows * row)
    for top in range(0, height, rows):
        count = min(rows, height - top)
        yield top, count, lines[: count * row]


def _scatter(
    kernel: Callable[..., None], picture: Picture, lines: Tensor, *more: Tensor, top: int, rows: int
) -> None:
    """Launch `spread` or `gather` for all sources that reach a band, in each layer that contains them."""
    height, width = picture.light.shape[1:]
    blocks = -(-(width + 2 * picture.border) // SOURCES)
    slots = 2 * MATTE_REACH + 1 if picture.soft else 2 * len(picture.values)
    columns, nodes_down = picture.nodes
    taps = picture.taps
    kernel[((rows + 2 * picture.border) * blocks, slots, 4 if columns > 1 else 1)](  # type: ignore[index]
        picture.light, picture.values, taps.row, taps.summed, taps.offset, taps.dx, taps.change, lines, *more,
        top, rows, height, width, picture.margin, picture.border, picture.lowest, picture.visible,
        SOFT=picture.soft, COLUMNS=columns, ROWS=nodes_down, BLOCK=SOURCES, **_OPTIONS,
    )  # fmt: skip


def _of_row(pitch: int) -> dict[str, Any]:
    """Launch options: a program has a whole row, and enough threads that their registers hold it."""
    block = 1 << (pitch - 1).bit_length()
    return {"BLOCK": block, "num_warps": min(max(block // 128, 1), 32), **_OPTIONS}
