"""The renderer's layers by span kernels on a CPU: sorts the sources and runs the kernels in threads."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int

from rackfocus.optics.levels import Blend
from rackfocus.optics.spans import source_kernels, tile_kernels
from rackfocus.optics.spans.taps import Taps
from rackfocus.threads import BAND_HEIGHT, Band, bands, run_bands

TILE_HEIGHT, TILE_WIDTH = BAND_HEIGHT, 512
STRIP_HEIGHT = 8 * BAND_HEIGHT
"""Rows whose sources are held at a time: those of a pixel take some fifty bytes."""

Tile = tuple[int, int, int, int]
"""Top, bottom, left, right; bottom and right are exclusive."""


class Scene(NamedTuple):
    """One picture and how its pixels are divided into layers.

    Layers are ordered front to back: the levels of the disparity from `lowest` up, then, behind them, those
    of the fill. Where the kernel varies across the frame each level has a layer for each node of the grid.

    Attributes:
        light: `(r, g, b)` to spread.
        disparity: in pixels.
        fill: the radius of each pixel's fill, 0: none; size 0 if the formulation has no fill.
        lowest: the first level of the disparity.
        levels: number of levels of the disparity.
        soft: whether shares come from the soft matte of Eq. 2 (True) or by area.
        nodes: columns and rows of the grid of field positions.
    """

    light: Float[np.ndarray, "3 height width"]
    disparity: Float[np.ndarray, "height width"]
    fill: Float[np.ndarray, "height width"]
    lowest: int
    levels: int
    soft: bool
    nodes: tuple[int, int]


class Sources(NamedTuple):
    """The pixels of each layer. Neighbouring pixels of one row and layer form a run.

    At the picture's left and right border pixels are repeated as far as the kernel reaches. Before each run
    and behind the last there are entries of zeros.

    Attributes:
        run_of: the first run of each row and layer; the last column is where the next row begins.
        run_x: the column of each run's first pixel.
        run_entry: the first entry of each run; the last element is the number of entries.
        light: for each entry, its weight times (r, g, b, 1).
        slope: for each entry, the derivative of its weight by the disparity; empty if not asked for.
    """

    run_of: Int[np.ndarray, "height layers+1"]
    run_x: Int[np.ndarray, "run"]
    run_entry: Int[np.ndarray, "run+1"]
    light: Float[np.ndarray, "entry 4"]
    slope: Float[np.ndarray, "entry"]


def fill_radius(disparity: Float[np.ndarray, "height width"]) -> Float[np.ndarray, "height width"]:
    """As `levels.fill_radius`."""
    height, width = disparity.shape
    radius = np.zeros_like(disparity)
    largest = max(float(disparity.max()), -float(disparity.min()))
    nearest, around = disparity, np.empty_like(disparity)
    step, reach = 1, 1
    while reach <= 2 * largest and step < max(height, width):
        run_bands(
            lambda band: source_kernels.widen_fill(disparity, nearest, step, reach, band, around, radius),  # noqa: B023
            bands(height),
        )
        nearest, around = around, np.empty_like(disparity) if nearest is disparity else nearest
        step *= 2
        reach += step
    return radius


def forward(
    scene: Scene, blend: Blend, taps: Taps, *, keep: bool
) -> tuple[Float[np.ndarray, "4 height width"], Float[np.ndarray, "5 kept_height kept_width"]]:
    """Blend all layers of a picture.

    Args:
        scene: the picture.
        blend: how a layer is blended with those in front of it.
        taps: the kernel of each layer.
        keep: whether to keep what the backward pass needs.

    Returns:
        The sums of light and coverage. And for the backward pass of `COVERAGE`: the level that filled the
        room (-1: none), which part of its coverage had room, and its colour.
    """
    height, width = scene.disparity.shape
    sums = np.empty((4, height, width), scene.light.dtype)
    kept = (5, height, width) if keep and blend is Blend.COVERAGE else (5, 0, 0)
    full = np.empty(kept, scene.light.dtype)
    nodes = scene.nodes[0] * scene.nodes[1]
    reach = int(taps.radius.max())
    for top in range(0, height, STRIP_HEIGHT):
        bottom = min(top + STRIP_HEIGHT, height)
        sources = _sort_sources(scene, taps.radius, (top - reach, bottom + reach), keep_slopes=False)
        run_bands(
            lambda tile: tile_kernels.forward_tile(tile, int(blend), nodes, sources, taps, sums, full),  # noqa: B023
            _tiles(top, bottom, width),
        )
    return sums, full


def backward(
    scene: Scene,
    blend: Blend,
    taps: Taps,
    sums: Float[np.ndarray, "4 height width"],
    full: Float[np.ndarray, "5 kept_height kept_width"],
    sums_gradient: Float[np.ndarray, "4 height width"],
) -> tuple[Float[np.ndarray, "3 height width"], Float[np.ndarray, "height width"]]:
    """The gradient with respect to the light and the disparity.

    Args:
        scene: the picture.
        blend: as in `forward`.
        taps: the kernel of each layer.
        sums: the first output of `forward`.
        full: the second output of `forward`.
        sums_gradient: the gradient of the loss with respect to the sums.
    """
    height, width = scene.disparity.shape
    sources = _sort_sources(scene, taps.radius, (0, height), keep_slopes=True)
    nodes = scene.nodes[0] * scene.nodes[1]
    radius = int(taps.radius.max())
    # Each band of rows has its own accumulator, because tiles add gradients to pixels outside them.
    rows = -(-height // (2 * torch.get_num_threads() * TILE_HEIGHT)) * TILE_HEIGHT

    def of_band(top: int) -> tuple[int, np.ndarray]:
        bottom = min(top + rows, height)
        first_row = max(top - radius, 0)
        gradient = np.zeros((min(bottom + radius, height) - first_row, 4 * width))
        for tile in _tiles(top, bottom, width):
            if blend is Blend.TRANSMITTANCE:
                tile_kernels.backward_tile_through(
                    tile, nodes, scene, sources, taps, sums, sums_gradient, gradient, first_row
                )
            else:
                tile_kernels.backward_tile(
                    tile, int(blend), nodes, scene, sources, taps, full, sums_gradient, gradient, first_row
                )
        return first_row, gradient

    total = np.zeros((height, 4 * width))
    for first_row, gradient in run_bands(of_band, range(0, height, rows)):
        total[first_row : first_row + len(gradient)] += gradient
    planes = total.reshape(height, width, 4).transpose(2, 0, 1).astype(scene.light.dtype, order="C")
    return planes[:3], planes[3]


def _sort_sources(
    scene: Scene, radius: Int[np.ndarray, "layer"], within: Band, *, keep_slopes: bool
) -> Sources:
    """Sort the pixels by row and layer: of the bands that overlap the rows `within`, and none of others."""
    height = scene.disparity.shape[0]
    rows = [(top, bottom) for top, bottom in bands(height) if top < within[1] and bottom > within[0]]
    entries, runs = np.zeros((2, height, radius.size), np.int64)
    run_bands(
        lambda band: source_kernels.count_entries(scene, radius, keep_slopes, band, entries, runs), rows
    )
    entry_of, total = _starts(entries)
    run_of, total_runs = _starts(runs)
    run_x, run_entry = np.empty(total_runs, np.int32), np.empty(total_runs + 1, np.int64)
    light = np.empty((total + source_kernels.PADDING, 4), scene.light.dtype)
    slope = np.empty(total + source_kernels.PADDING if keep_slopes else 0, scene.light.dtype)
    light[total:] = 0
    run_entry[total_runs] = len(light)
    run_bands(
        lambda band: source_kernels.place_entries(
            scene, radius, keep_slopes, band, entry_of, run_of, run_x, run_entry, light.reshape(-1), slope
        ),
        rows,
    )
    return Sources(run_of, run_x, run_entry, light, slope)


def _starts(counts: np.ndarray) -> tuple[np.ndarray, int]:
    """The first index of each layer of each row, and where the row ends; and the total number."""
    ends = np.cumsum(counts).reshape(counts.shape)
    return np.concatenate([ends - counts, ends[:, -1:]], axis=1), int(ends[-1, -1])


def _tiles(top: int, bottom: int, width: int) -> list[Tile]:
    """The tiles of a band of rows of a picture."""
    return [
        (y, min(y + TILE_HEIGHT, bottom), x, min(x + TILE_WIDTH, width))
        for y in range(top, bottom, TILE_HEIGHT)
        for x in range(0, width, TILE_WIDTH)
    ]
