"""Augmentation of samples that is physically consistent: resizing an image also scales its disparity.

Exposure. All images of a sample show one radiance `x`, clipped alike, and rendering is linear in it. So both
sides of a pair may be multiplied by one gain `g`, in linear light:

- `g >= 1` is exact even though the photographs are clipped already: `clip(g * clip(x)) = clip(g * x)`.
- `g < 1` is exact only where nothing was clipped. Clipped white would become a grey plateau of height `g`,
  which no camera produces, while the true light there may still be white.

So a sample with a clipped pixel is never darkened. Vertical flips are left out: no photograph is upside down.
"""

import dataclasses
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from rackfocus.data.apertures.sample import FocusSample
from rackfocus.optics.radiometry import linear_to_srgb, srgb_to_linear
from rackfocus.types import InputError

_WHITE = 254.5 / 255
"""8-bit white, with a tolerance for rounding."""


class RandomView:
    """A random exposure, resolution, crop and horizontal flip of a sample (Sec. 4.1: "random resolutions").

    Resizing by `s` multiplies disparities by `s`. All images are resized in linear light with antialiasing:
    only then do resizing and blurring commute.

    Args:
        shorter_side_px: the range of the shorter side, both ends included.
        crop_px: the longest side of the crop. `None`: no crop.
        exposure_stops: the range of the change of exposure; samples with clipped pixels are not darkened
            (see above).

    Raises:
        InputError: a range is empty or a length is not positive.
    """

    def __init__(
        self,
        *,
        shorter_side_px: tuple[int, int],
        crop_px: int | None = None,
        exposure_stops: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        low, high = shorter_side_px
        if not 0 < low <= high:
            raise InputError(
                f"shorter_side_px must be the least and the most of a length, and is [{low}, {high}]."
            )
        if crop_px is not None and crop_px <= 0:
            raise InputError(f"crop_px must be more than 0 or null, and is {crop_px}.")
        if not exposure_stops[0] <= exposure_stops[1]:
            raise InputError(
                "exposure_stops must be the least and the most, and is "
                f"[{exposure_stops[0]}, {exposure_stops[1]}]."
            )
        self.shorter_side_px = shorter_side_px
        self.crop_px = crop_px
        self.exposure_stops = exposure_stops

    def __call__(self, sample: FocusSample, generator: torch.Generator | None = None) -> FocusSample:
        """Draw a view with this generator; `None`: torch's global one."""
        low_stops, high_stops = self.exposure_stops
        stops = low_stops + (high_stops - low_stops) * float(torch.rand((), generator=generator))
        sample = expose(sample, stops)
        height, width = sample.deep.shape[-2:]
        low, high = self.shorter_side_px
        shorter = int(torch.randint(low, high + 1, (), generator=generator))
        scale = shorter / min(height, width)
        sample = resize(sample, (round(height * scale), round(width * scale)))
        if self.crop_px is not None:
            top, rows = _crop(sample.deep.shape[-2], self.crop_px, generator)
            left, columns = _crop(sample.deep.shape[-1], self.crop_px, generator)
            sample = _map_images(sample, lambda image: image[:, top : top + rows, left : left + columns])
        if torch.rand((), generator=generator) < 0.5:
            sample = _map_images(sample, lambda image: image.flip(-1))
        return sample


def expose(sample: FocusSample, stops: float) -> FocusSample:
    """The photographs with an exposure higher by this number of stops.

    Photographs with clipped pixels are returned unchanged if `stops` is negative. The true radiance is
    scaled, too, and is not clipped.
    """
    if stops == 0 or (stops < 0 and _is_clipped(sample)):
        return sample
    gain = 2.0**stops
    return dataclasses.replace(
        sample,
        deep=linear_to_srgb((gain * srgb_to_linear(sample.deep)).clamp(0, 1)),
        shallow=(gain * sample.shallow).clamp(0, 1),
        adjusted=(gain * sample.adjusted).clamp(0, 1),
        radiance=None if sample.radiance is None else gain * sample.radiance,
    )


def resize(sample: FocusSample, size: tuple[int, int]) -> FocusSample:
    """Resize the images to `(height, width)`, in linear light, and disparities by the change of width."""
    if tuple(sample.deep.shape[-2:]) == size:
        return sample
    scale = size[1] / sample.deep.shape[-1]
    linear = dataclasses.replace(sample, deep=srgb_to_linear(sample.deep))
    resized = _map_images(linear, lambda image: _resize(image, size))
    return dataclasses.replace(
        resized,
        deep=linear_to_srgb(resized.deep),
        focal_disparity=scale * sample.focal_disparity,
        disparity=None if resized.disparity is None else scale * resized.disparity,
    )


def _is_clipped(sample: FocusSample) -> bool:
    light = float(srgb_to_linear(torch.tensor(_WHITE)))
    brightest = max(float(sample.shallow.max()), float(sample.adjusted.max()))
    return float(sample.deep.max()) >= _WHITE or brightest >= light


def _crop(size: int, crop_px: int, generator: torch.Generator | None) -> tuple[int, int]:
    kept = min(size, crop_px)
    return int(torch.randint(0, size - kept + 1, (), generator=generator)), kept


def _resize(image: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(image[None], size=size, mode="bilinear", antialias=True)[0]


def _map_images(sample: FocusSample, change: Callable[[Tensor], Tensor]) -> FocusSample:
    return dataclasses.replace(
        sample,
        deep=change(sample.deep),
        shallow=change(sample.shallow),
        adjusted=change(sample.adjusted),
        disparity=None if sample.disparity is None else change(sample.disparity),
        radiance=None if sample.radiance is None else change(sample.radiance),
    )
