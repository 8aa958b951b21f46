"""Bands of rows in which a large picture is rendered, to keep small what a renderer makes on its way."""

import math
from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.optics.levels import MATTE_REACH
from rackfocus.types import Lens

BAND_PIXELS = 1 << 22
"""The most pixels of a band without its margins: a picture of 1920x1080 is one band."""


def render_bands(disparity: Float[Tensor, "1 height width"], lens: Lens) -> Iterator[tuple[slice, slice]]:
    """For each band the rows to render, and which of these are the band; a small picture is one band.

    The margins hold all that has an influence on a band: the picture made of bands differs from the one that
    is rendered whole by rounding only. On a GPU it is rendered whole, and by a lens whose blur depends on the
    position in the picture.

    Args:
        disparity: in focus at 0, at the reference aperture.
        lens: for rendering.
    """
    height, width = disparity.shape[1:]
    count = math.ceil(height * width / BAND_PIXELS)
    if count == 1 or disparity.device.type != "cpu" or (lens.shape is not None and lens.shape.varies):
        yield slice(0, height), slice(0, height)
        return
    radius = math.ceil(lens.aperture_ratio * max(abs(float(each)) for each in torch.aminmax(disparity)))
    # Light spreads by the radius, and where it comes from, the fill looks twice as far for nearer surfaces.
    margin = 3 * (radius + MATTE_REACH)
    for top in range(0, height, rows := math.ceil(height / count)):
        bottom = min(top + rows, height)
        first = max(top - margin, 0)
        yield slice(first, min(bottom + margin, height)), slice(top - first, bottom - first)
