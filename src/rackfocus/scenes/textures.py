"""Procedural textures of real size: bricks as long as bricks, planks as wide as planks.

Every texture is a square tile of linear albedo that repeats seamlessly. It has a size in metres, so that the
texture gradient on a ground or a wall is a depth cue as in a photograph.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Float

RGB = tuple[float, float, float]

TEXELS = 512
"""Width and height of a tile."""


@dataclass(frozen=True)
class Texture:
    """One tile: linear reflectance, 0.02 to 0.9, row 0 at the top; its width and height in metres."""

    albedo: Float[np.ndarray, "height width 3"]
    size_m: float


@lru_cache(maxsize=64)
def make_texture(kind: str, *, seed: int, tint: RGB) -> Texture:
    """Make the tile of a material: one of `TEXTURES`, whose main colour has the linear albedo `tint`.

    Raises:
        KeyError: the kind is unknown.
    """
    pattern, size_m = TEXTURES[kind]
    albedo = pattern(np.random.default_rng(seed), np.asarray(tint, dtype=np.float64))
    return Texture(albedo=np.clip(albedo, 0.02, 0.9).astype(np.float32), size_m=size_m)


def fractal_noise(
    rng: np.random.Generator, *, slope: float = 1.5, stretch: float = 1.0, finest: float = 128.0
) -> Float[np.ndarray, "height width"]:
    """Seamless noise of zero mean and unit variance with amplitude `1 / frequency ** slope`, up to `finest`
    cycles a tile; features are `stretch` times longer in y than in x.
    """
    cycles = np.fft.fftfreq(TEXELS) * TEXELS
    frequency = np.hypot(cycles[None, :], cycles[:, None] * stretch)
    amplitude = np.where(frequency > 0, np.maximum(frequency, 1.0) ** -slope, 0.0)
    amplitude *= np.exp(-((frequency / finest) ** 2))
    spectrum = np.fft.fft2(rng.standard_normal((TEXELS, TEXELS))) * amplitude
    noise = np.fft.ifft2(spectrum).real
    return noise / noise.std()


def _shade(tint: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """The colour `tint` times a factor for each texel."""
    return tint * np.maximum(factor, 0.0)[..., None]


def _mix(first: np.ndarray, second: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return first + (second - first) * weight[..., None]


def _grid() -> tuple[np.ndarray, np.ndarray]:
    """Texel centres `(x, y)` in tile widths, 0 to 1."""
    axis = (np.arange(TEXELS) + 0.5) / TEXELS
    x, y = np.meshgrid(axis, axis)
    return x, y


def _cells(
    columns: int, rows: int, *, offset: float, joint: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A running bond of `rows` rows of `columns` cells.

    Returns the column and the row of each texel's cell, and 1 inside a cell, 0 in the joints of width
    `joint` (in tile widths), with soft edges.
    """
    x, y = _grid()
    row = np.floor(y * rows).astype(int)
    shifted = x * columns + (row % 2) * offset
    column = np.floor(shifted).astype(int) % columns
    across = np.abs((shifted % 1.0) - 0.5) / columns
    along = np.abs((y * rows % 1.0) - 0.5) / rows
    edge = np.minimum(0.5 / columns - across, 0.5 / rows - along)
    return column, row, np.clip((edge - joint / 2) * TEXELS / 2 + 0.5, 0.0, 1.0)


def _voronoi(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Index of the nearest of `count` seamless random sites, and distance to the border in tile widths.

    `count` is a square: one site lies in each cell of a grid, so only the cells around a texel matter.
    """
    side = round(count**0.5)
    sites = rng.uniform(0.1, 0.9, (side, side, 2))
    x, y = (axis * side for axis in _grid())
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    best = np.full(x.shape, np.inf)
    second = np.full(x.shape, np.inf)
    index = np.zeros(x.shape, dtype=int)
    for down in range(-2, 3):
        for right in range(-2, 3):
            u, v = (column + right) % side, (row + down) % side
            distance = np.hypot(column + right + sites[v, u, 0] - x, row + down + sites[v, u, 1] - y)
            closer = distance < best
            second = np.where(closer, best, np.minimum(second, distance))
            index = np.where(closer, v * side + u, index)
            best = np.minimum(best, distance)
    return index, (second - best) / side


def _bricks(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    column, row, inside = _cells(8, 24, offset=0.5, joint=0.006)
    tone = rng.normal(1.0, 0.16, (24, 8))[row, column] + 0.10 * fractal_noise(rng, slope=1.0)
    hue = 1.0 + rng.normal(0.0, 0.05, (24, 8, 3))[row, column]
    mortar = _shade(np.array([0.42, 0.40, 0.36]), 1.0 + 0.08 * fractal_noise(rng, slope=0.8))
    return _mix(mortar, _shade(tint, tone) * hue, inside)


def _tiles(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    count = int(rng.choice([4, 6]))
    column, row, inside = _cells(count, count, offset=0.0, joint=0.008)
    tone = rng.normal(1.0, 0.05, (count, count))[row, column] + 0.05 * fractal_noise(rng)
    checker = ((row + column) % 2) * rng.choice([0.0, 0.55])
    return _mix(_shade(tint, np.full_like(tone, 0.45)), _shade(tint, tone - checker), inside)


def _paving(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    column, row, inside = _cells(4, 6, offset=0.5, joint=0.008)
    tone = rng.normal(1.0, 0.12, (6, 4))[row, column] + 0.09 * fractal_noise(rng, slope=0.9)
    return _mix(_shade(tint, np.full_like(tone, 0.4)), _shade(tint, tone), inside)


def _planks(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    column, row, inside = _cells(2, 12, offset=0.37, joint=0.005)
    tone = rng.normal(1.0, 0.14, (12, 2))[row, column]
    grain = 0.16 * fractal_noise(rng, slope=1.0, stretch=1 / 14).clip(-2, 2)
    hue = 1.0 + rng.normal(0.0, 0.04, (12, 2, 3))[row, column]
    return _mix(_shade(tint, np.full_like(tone, 0.25)), _shade(tint, tone + grain) * hue, inside)


def _cobbles(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    index, border = _voronoi(rng, 144)
    tone = rng.normal(1.0, 0.2, 144)[index] + 0.08 * fractal_noise(rng, slope=0.9)
    dome = np.clip(border * 24, 0.0, 1.0) ** 0.6
    return _shade(tint, tone * (0.3 + 0.7 * dome))


def _asphalt(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    speckle = np.clip(fractal_noise(rng, slope=0.2, finest=90.0), -2, 2.5)
    return _shade(tint, 1.0 + 0.16 * speckle + 0.14 * fractal_noise(rng, slope=1.6))


def _gravel(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    index, border = _voronoi(rng, 900)
    tone = rng.normal(1.0, 0.25, 900)[index] * np.clip(0.45 + border * 60, 0.0, 1.0)
    return _shade(tint, tone + 0.12 * fractal_noise(rng))


def _grass(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    blades = fractal_noise(rng, slope=0.5, stretch=0.5, finest=110.0)
    patches = fractal_noise(rng, slope=1.8)
    dry = np.array([1.5, 1.2, 0.8])
    return _shade(tint, 1.0 + 0.3 * blades.clip(-2, 2)) * _mix(
        np.ones(3), dry, np.clip(0.4 * patches, 0, 0.7)
    )


def _soil(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    return _shade(tint, 1.0 + 0.22 * fractal_noise(rng, slope=0.9) + 0.16 * fractal_noise(rng, slope=2.0))


def _plaster(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    stains = np.clip(fractal_noise(rng, slope=1.8, stretch=0.4), -2, 1.0)
    return _shade(tint, 1.0 + 0.08 * stains + 0.05 * fractal_noise(rng, slope=0.7))


def _concrete(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    column, row, inside = _cells(1, 2, offset=0.0, joint=0.004)
    tone = rng.normal(1.0, 0.05, (2, 1))[row, column] + 0.13 * fractal_noise(rng, slope=1.3)
    return _shade(tint, tone * (0.6 + 0.4 * inside))


def _cloth(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    folds = 1.0 + 0.10 * fractal_noise(rng, slope=1.8, stretch=0.4)
    return _shade(tint, folds + 0.05 * fractal_noise(rng, slope=0.3))


def _stripes(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    _, y = _grid()
    band = np.clip(4 * np.sin(2 * np.pi * y * rng.integers(8, 16)) + rng.uniform(-1, 1), -1, 1) * 0.5 + 0.5
    other = rng.uniform(0.05, 0.8, 3)
    return _mix(_cloth(rng, tint), _cloth(rng, other), band)


def _plaid(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    x, y = _grid()
    count = int(rng.integers(5, 9))
    across = (np.sin(2 * np.pi * x * count) > rng.uniform(-0.3, 0.6)).astype(float)
    along = (np.sin(2 * np.pi * y * count) > rng.uniform(-0.3, 0.6)).astype(float)
    other = rng.uniform(0.05, 0.7, 3)
    weave = cv2.GaussianBlur(0.5 * across + 0.5 * along, (0, 0), 1.2, borderType=cv2.BORDER_REFLECT_101)
    return _mix(_cloth(rng, tint), _cloth(rng, other), weave)


def _dots(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    x, y = _grid()
    count = int(rng.integers(8, 14))
    row = np.floor(y * count)
    u, v = (x * count + 0.5 * (row % 2)) % 1 - 0.5, (y * count) % 1 - 0.5
    inside = np.clip((0.28 - np.hypot(u, v)) * TEXELS / count + 0.5, 0, 1)
    return _mix(_cloth(rng, tint), _cloth(rng, rng.uniform(0.3, 0.85, 3)), inside)


def _foliage(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    index, border = _voronoi(rng, 1600)
    leaf = rng.normal(1.0, 0.30, 1600)[index] * np.clip(0.55 + border * 60, 0, 1)
    hue = 1.0 + rng.normal(0.0, 0.08, (1600, 3))[index]
    return _shade(tint, leaf * (1.0 + 0.25 * fractal_noise(rng, slope=1.5))) * hue


def _bark(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    return _shade(tint, 1.0 + 0.30 * fractal_noise(rng, slope=0.9, stretch=5.0).clip(-2, 2))


def _metal(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    rust = np.clip(fractal_noise(rng, slope=1.5) - 1.3, 0, 1)
    paint = _shade(tint, 1.0 + 0.05 * fractal_noise(rng, slope=1.0))
    return _mix(paint, np.array([0.22, 0.09, 0.04]), rust)


def _facade(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    """Two storeys of three windows in 6 m."""
    wall = _plaster(rng, tint)
    x, y = _grid()
    u, v = x * 3 % 1, y * 2 % 1
    frame = (np.abs(u - 0.5) < 0.29) & (np.abs(v - 0.5) < 0.31)
    pane = (np.abs(np.abs(u - 0.5) - 0.125) < 0.11) & (np.abs(v - 0.5) < 0.28)
    glass = rng.uniform(0.03, 0.25, (2, 3))[np.floor(y * 2).astype(int), np.floor(x * 3).astype(int)]
    wall[frame] = rng.uniform(0.3, 0.8)
    sheen = _shade(np.array([0.8, 0.95, 1.1]), glass * (1.2 - v))
    wall[pane] = sheen[pane]
    return wall


def _poster(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    """An invented picture above rows of illegible words."""
    canvas = np.tile(tint, (TEXELS, TEXELS, 1))
    for _ in range(int(rng.integers(4, 9))):
        colour = tuple(float(value) for value in rng.uniform(0.02, 0.85, 3))
        centre = tuple(int(value) for value in rng.integers(0, TEXELS, 2))
        if rng.random() < 0.5:
            cv2.circle(canvas, centre, int(rng.integers(20, 140)), colour, -1, cv2.LINE_AA)
        else:
            corners = np.array(centre) + rng.integers(-160, 160, (int(rng.integers(3, 6)), 2))
            cv2.fillConvexPoly(canvas, cv2.convexHull(corners.astype(np.int32)), colour, cv2.LINE_AA)
    ink = tuple(float(value) for value in rng.uniform(0.02, 0.15, 3))
    top = int(rng.integers(300, 400))
    cv2.rectangle(canvas, (0, top), (TEXELS, TEXELS), tuple(float(v) for v in 0.3 * tint + 0.5), -1)
    for line in range(top + 20, TEXELS - 24, 30):
        start = 24
        while start < TEXELS - 60:
            end = start + int(rng.integers(16, 80))
            cv2.rectangle(canvas, (start, line), (min(end, TEXELS - 24), line + 12), ink, -1)
            start = end + 12
    cv2.rectangle(canvas, (0, 0), (TEXELS - 1, TEXELS - 1), (0.75, 0.75, 0.72), 12)
    return cv2.GaussianBlur(canvas, (0, 0), 0.8)


def _books(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    """Three shelves of book spines in 1 m."""
    canvas = np.tile(tint * 0.3, (TEXELS, TEXELS, 1))
    shelf = TEXELS // 3
    for row in range(3):
        x = 0
        while x < TEXELS - 8:
            width = min(int(rng.integers(10, 30)), TEXELS - 1 - x)
            height = int(rng.integers(95, shelf - 22))
            base = (row + 1) * shelf - 12
            colour = rng.uniform(0.04, 0.65, 3) * rng.uniform(0.4, 1.0)
            canvas[base - height : base, x : x + width - 1] = colour
            canvas[base - height + 16 : base - height + 24, x + 2 : x + width - 3] = 0.55
            x += width
        canvas[(row + 1) * shelf - 12 : (row + 1) * shelf] = tint
    return canvas


def _rug(rng: np.random.Generator, tint: np.ndarray) -> np.ndarray:
    x, y = _grid()
    u, v = np.abs(x * 4 % 1 - 0.5), np.abs(y * 4 % 1 - 0.5)
    diamond = np.clip(np.sin(2 * np.pi * (u + v) * rng.integers(2, 5)) * 4, -1, 1) * 0.5 + 0.5
    return _mix(_cloth(rng, tint), _cloth(rng, rng.uniform(0.1, 0.7, 3)), diamond)


TEXTURES: dict[str, tuple[Callable[[np.random.Generator, np.ndarray], np.ndarray], float]] = {
    "asphalt": (_asphalt, 2.0),
    "bark": (_bark, 0.8),
    "books": (_books, 1.0),
    "bricks": (_bricks, 1.8),
    "cloth": (_cloth, 0.6),
    "cobbles": (_cobbles, 1.8),
    "concrete": (_concrete, 2.4),
    "dots": (_dots, 0.6),
    "facade": (_facade, 6.0),
    "foliage": (_foliage, 1.2),
    "grass": (_grass, 1.6),
    "gravel": (_gravel, 1.5),
    "metal": (_metal, 1.0),
    "paving": (_paving, 2.4),
    "planks": (_planks, 1.8),
    "plaid": (_plaid, 0.5),
    "plaster": (_plaster, 2.5),
    "poster": (_poster, 1.0),
    "rug": (_rug, 1.2),
    "soil": (_soil, 2.0),
    "stripes": (_stripes, 0.8),
    "tiles": (_tiles, 1.8),
}
"""The function and the tile size in metres of each kind of material."""
