"""A lens shape read from a photograph of a bokeh ball."""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.optics.radiometry import srgb_to_linear
from rackfocus.reading.pictures import read_pixels
from rackfocus.types import InputError

FAINTEST = 0.01
"""Minimum brightness of a ball above its background, in linear light, display white = 1."""

WHITE = {"uint8": 255, "uint16": 65535}
"""The code of display white in sRGB pictures, by their type; pictures of other types are linear light."""


class _Ball(NamedTuple):
    light: Float[Tensor, "height width"]
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class PhotographedKernel:
    """The picture of a point of light far out of focus, with its dust, rings and scratches.

    The background (the median of the picture's border) is subtracted and the largest bright region is kept.
    Its smallest enclosing circle is scaled to the disk of the wanted radius by averaging over areas. Pictures
    of 8 or 16 bits are sRGB, those in floating point are linear light; colours are averaged.

    The rows are not piecewise constant, so this shape renders more slowly than the others.

    Attributes:
        path: an image of one ball on an even background, larger than the largest blur, with the ball
            oriented as behind the focal plane.

    Raises:
        InputError: the picture is missing, cannot be read, or shows no ball.
    """

    path: str | Path
    varies: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not isinstance(self.path, str | Path) or not Path(self.path).is_file():
            raise InputError(f"lens.shape.path must be a picture, and there is no file {str(self.path)!r}.")
        object.__setattr__(self, "path", str(self.path))  # one repr for both types
        self._ball()

    def kernel(
        self,
        radius_px: int,
        *,
        field: tuple[float, float] = (0.0, 0.0),  # noqa: ARG002 - the protocol's
        dtype: torch.dtype = torch.float32,
    ) -> Float[Tensor, "size size"]:
        """See `rackfocus.types.LensShape.kernel`."""
        if radius_px == 0:
            return torch.ones(1, 1, dtype=dtype)
        ball = self._ball()
        height, width = ball.light.shape
        rows = _box_filter(height, ball.y, ball.radius, radius_px)
        columns = _box_filter(width, ball.x, ball.radius, radius_px)
        kernel = rows @ ball.light @ columns.T
        return (kernel / kernel.sum()).to(dtype)

    def _ball(self) -> _Ball:
        return _find_ball(Path(self.path), Path(self.path).stat().st_mtime_ns)


def _box_filter(size: int, centre: float, radius: float, radius_px: int) -> Float[Tensor, "out size"]:
    """Overlap of each input pixel with each kernel pixel along one axis; a box is at least an input pixel."""
    step = radius / radius_px
    middle = centre + step * torch.arange(-radius_px, radius_px + 1, dtype=torch.float64)[:, None]
    half = max(step, 1.0) / 2
    pixel = torch.arange(size, dtype=torch.float64)[None]
    return (torch.minimum(middle + half, pixel + 0.5) - torch.maximum(middle - half, pixel - 0.5)).clamp_min(
        0.0
    )


@functools.lru_cache(maxsize=8)
def _find_ball(path: Path, _modified_ns: int) -> _Ball:
    """The ball's light with its background subtracted, and its smallest enclosing circle in pixels."""
    light = _read_linear(path)
    border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    light = (light - np.median(border)).clip(min=0)
    brightest = float(np.percentile(light, 99))
    noise = float(np.percentile(border, 90) - np.median(border))
    if brightest < max(FAINTEST, 4 * noise):
        raise InputError(f"lens.shape.path: {path} shows no bright ball on a darker, even background.")
    typical = float(np.median(light[light > brightest / 10]))
    # The edge is where half of the nearby light is reached, so that an unevenly lit ball keeps its outline.
    nearby = 2 * max(1, round(0.02 * min(light.shape))) + 1
    bright = light > np.maximum(cv2.dilate(light, np.ones((nearby, nearby))) / 2, max(typical / 8, 4 * noise))
    contours, _ = cv2.findContours(bright.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(contours, key=cv2.contourArea)
    (x, y), radius = cv2.minEnclosingCircle(largest)
    mask = cv2.drawContours(np.zeros(light.shape, np.uint8), [largest], -1, 1, cv2.FILLED)
    mask = cv2.dilate(mask, np.ones((nearby, nearby), np.uint8))
    return _Ball(torch.from_numpy(light * mask), x, y, max(radius, 0.5))


def _read_linear(path: Path) -> Float[np.ndarray, "height width"]:
    """A picture in linear light, float64, its colours averaged."""
    flags = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR
    encoded = read_pixels(path, flags, "cannot be read as a picture; set lens.shape.path to another one.")
    values = torch.from_numpy(encoded.astype(np.float64))
    if encoded.dtype.name in WHITE:
        values = srgb_to_linear(values / WHITE[encoded.dtype.name])
    if not values.isfinite().all():
        raise InputError(f"lens.shape.path: {path} holds values that are not finite.")
    linear: np.ndarray = values.numpy()
    return linear.mean(axis=2) if linear.ndim == 3 else linear
