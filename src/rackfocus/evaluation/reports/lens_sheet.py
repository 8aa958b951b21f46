"""A picture of all lens shapes for visual inspection; `rackfocus benchmark renderer` draws it."""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from rackfocus.evaluation.reports.pictures import picture
from rackfocus.optics.lens_shapes import Anamorphic, CatEye, Disk, Polygon, SphericalAberration
from rackfocus.types import LensShape

SHAPES: Mapping[str, tuple[LensShape, tuple[float, float]]] = {
    "disk": (Disk(), (0.0, 0.0)),
    "6 blades": (Polygon(6), (0.0, 0.0)),
    "7, curvature .2": (Polygon(7, curvature=0.2), (0.0, 0.0)),
    "5, turned 20": (Polygon(5, rotation_deg=20.0), (0.0, 0.0)),
    "anamorphic 2": (Anamorphic(2.0), (0.0, 0.0)),
    "cat eye .8, right": (CatEye(0.8), (0.87, 0.0)),
    "top left corner": (CatEye(0.8), (-0.87, -0.49)),
    "edge +2 stops": (SphericalAberration(2.0), (0.0, 0.0)),
    "edge -2 stops": (SphericalAberration(-2.0), (0.0, 0.0)),
}
"""A title for each shape and field position."""

TILE_PX = 160
TITLE_PX = 16


def lens_sheet(
    shapes: Mapping[str, tuple[LensShape, tuple[float, float]]] = SHAPES,
    radii_px: tuple[int, ...] = (8, 24, 64),
) -> UInt8[np.ndarray, "height width 3"]:
    """Kernels behind the focal plane, a column for each shape (with its position in the frame) and a row for
    each radius, of at most 79 pixels to fit its tile.

    Each is scaled to its brightest pixel, in sRGB, and enlarged by an integer factor.
    """
    rows = [
        np.concatenate([_tile(shape, radius, field) for shape, field in shapes.values()], axis=1)
        for radius in radii_px
    ]
    titles = Image.new("RGB", (TILE_PX * len(shapes), TITLE_PX))
    draw = ImageDraw.Draw(titles)
    for column, title in enumerate(shapes):
        draw.text((column * TILE_PX + 8, 2), title, fill=(200, 200, 200))
    return np.concatenate([np.asarray(titles), *rows])


def _tile(
    shape: LensShape, radius_px: int, field: tuple[float, float]
) -> UInt8[np.ndarray, "height width 3"]:
    kernel = shape.kernel(radius_px, field=field)
    enlarged = max(1, (TILE_PX - 8) // len(kernel))
    image = kernel / kernel.max()
    image = image.repeat_interleave(enlarged, 0).repeat_interleave(enlarged, 1)
    before = (TILE_PX - len(image)) // 2
    after = TILE_PX - len(image) - before
    image = torch.nn.functional.pad(image, (before, after, before, after))
    return picture(image.expand(1, 3, -1, -1))
