"""Light fields, and photographs with a large aperture computed from them.

The position `p = (row, column)` of a view is relative to the central view, which is the deep-DOF image. The
row grows as the camera moves down, the column as it moves to the right. A point at `x` in the central view is
at `x + d * p` in view `p`, where `d` is the point's disparity in pixels a view; it is larger for far points.
A lens of radius `r` views, focused on disparity `s` (the slope), makes the image

    I(x) = sum over p of w(p) * V_p(x + s * p),    w(p) = share of the cell of view p that the disk r covers,

the shift-and-add of Ng et al. 2005. It blurs the point to a disk of radius `|d - s| * r` pixels: the signed
disparity of the image is `D = (d - s) * r`, positive behind the focal plane.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from rackfocus.optics.radiometry import linear_to_srgb, srgb_to_linear
from rackfocus.types import InputError

_CHORDS = 256
"""Number of chords of the disk in a cell: the covered share is accurate to 1e-3."""


@dataclass(frozen=True)
class LightField:
    """Views on a square grid, stored as 8-bit codes to save memory.

    Codes are proportional to light if `is_linear`; otherwise they are sRGB-encoded.

    Raises:
        InputError: there are fewer than three views in a row or a column.
    """

    name: str
    codes: UInt8[np.ndarray, "row column height width 3"]
    is_linear: bool

    def __post_init__(self) -> None:
        if min(self.codes.shape[:2]) < 3:
            rows, columns = self.codes.shape[:2]
            raise InputError(f"{self.name} has {rows}x{columns} views; a light field needs 3x3 or more.")

    @property
    def centre(self) -> tuple[int, int]:
        """Row and column of the central view. For an even number it is the one after the middle."""
        rows, columns = self.codes.shape[:2]
        return rows // 2, columns // 2

    @property
    def radius(self) -> float:
        """Radius in views of the largest disk around the central view: 5.5 for 11x11 and for 12x12."""
        return (min(self.codes.shape[:2]) - 1) // 2 + 0.5

    def deep(self) -> Float[Tensor, "3 height width"]:
        """The central view, encoded sRGB in 0..1."""
        row, column = self.centre
        linear = torch.from_numpy(_light_of_code(self.is_linear)[self.codes[row, column]])
        return linear_to_srgb(linear.permute(2, 0, 1).contiguous())


def shift_and_add(
    field: LightField, *, slope: float, radius: float | None = None
) -> Float[Tensor, "3 height width"]:
    """The photograph through a disk-shaped aperture (by default of the largest radius), in linear light.

    The slope is the disparity in focus, in pixels a view; the radius is in views. Views are shifted by cubic
    interpolation (Keys 1981, exact on quadratics), because a bilinear one would blur what is in focus. It may
    overshoot 0..1 a little. Views are extended by their border pixels.

    Raises:
        InputError: the disk exceeds the grid of views.
    """
    radius = field.radius if radius is None else radius
    if not 0 < radius <= field.radius:
        raise InputError(
            f"An aperture of radius {radius} views does not fit {field.name}; choose above 0 and up to "
            f"{field.radius}."
        )
    rows, columns, height, width, _ = field.codes.shape
    light = _light_of_code(field.is_linear)
    weights = disk_weights((rows, columns), centre=field.centre, radius=radius)
    total = np.zeros((height, width, 3), np.float32)
    for row, column in np.argwhere(weights):
        down, right = (
            slope * (place - middle) for place, middle in zip((row, column), field.centre, strict=True)
        )
        view = light[field.codes[row, column]]
        total += weights[row, column] * cv2.sepFilter2D(
            view, cv2.CV_32F, _shift_taps(right), _shift_taps(down), borderType=cv2.BORDER_REPLICATE
        )
    return torch.from_numpy(np.ascontiguousarray(total.transpose(2, 0, 1)))


def disk_weights(
    shape: tuple[int, int], *, centre: tuple[int, int], radius: float
) -> Float[np.ndarray, "row column"]:
    """The share of each view's unit cell that a disk covers, normalised to sum 1; the radius is in views."""
    rows, columns = (np.arange(count) - middle - 0.5 for count, middle in zip(shape, centre, strict=True))
    chords = columns[:, None] + (np.arange(_CHORDS) + 0.5) / _CHORDS
    half = np.sqrt(np.clip(radius**2 - chords**2, 0, None))
    top, bottom = rows[:, None, None], rows[:, None, None] + 1
    covered = (np.clip(half, top, bottom) - np.clip(-half, top, bottom)).mean(-1)
    return (covered / covered.sum()).astype(np.float32)


def _shift_taps(shift_px: float) -> Float[np.ndarray, "taps"]:
    """The 1-D kernel for `cv2.sepFilter2D` that samples at `x + shift_px`, by the cubic of Keys."""
    whole = math.floor(shift_px)
    t = shift_px - whole
    reach = max(abs(whole - 1), abs(whole + 2))
    taps = np.zeros(2 * reach + 1, np.float32)
    taps[reach + whole - 1 : reach + whole + 3] = (
        ((2 - t) * t - 1) * t / 2,
        ((3 * t - 5) * t * t + 2) / 2,
        ((4 - 3 * t) * t + 1) * t / 2,
        (t - 1) * t * t / 2,
    )
    return taps


def _light_of_code(is_linear: bool) -> Float[np.ndarray, "256"]:
    """Linear light of each 8-bit code."""
    codes = torch.arange(256, dtype=torch.float32) / 255
    return (codes if is_linear else srgb_to_linear(codes)).numpy()
