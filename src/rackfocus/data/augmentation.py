"""Training views of a sample that respect physics: what resizes an image resizes its blur."""

import dataclasses
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from rackfocus.data.sample import FocusSample


class RandomView:
    """A random resolution, a random crop and a random mirror image (Sec. 4.1: "random resolutions").

    Resizing by `s` multiplies disparities by `s`; linear images are resized in linear light, antialiased.

    Args:
        shorter_side_px: the range that the shorter side is drawn from, both ends included.
        crop_px: the longest side of what is kept; none keeps all.
    """

    def __init__(self, *, shorter_side_px: tuple[int, int], crop_px: int | None = None) -> None:
        self.shorter_side_px = shorter_side_px
        self.crop_px = crop_px

    def __call__(self, sample: FocusSample, generator: torch.Generator | None = None) -> FocusSample:
        """Draw a view; the generator (torch's global one by default) decides all of it."""
        height, width = sample.deep.shape[-2:]
        low, high = self.shorter_side_px
        shorter = int(torch.randint(low, high + 1, (), generator=generator))
        scale = shorter / min(height, width)
        new = (round(height * scale), round(width * scale))
        sample = _map_images(sample, lambda image: _resize(image, new), disparity_scale=new[1] / width)
        if self.crop_px is not None:
            top, rows = _crop(new[0], self.crop_px, generator)
            left, columns = _crop(new[1], self.crop_px, generator)
            sample = _map_images(sample, lambda image: image[:, top : top + rows, left : left + columns])
        if torch.rand((), generator=generator) < 0.5:
            sample = _map_images(sample, lambda image: image.flip(-1))
        return sample


def _crop(size: int, crop_px: int, generator: torch.Generator | None) -> tuple[int, int]:
    kept = min(size, crop_px)
    return int(torch.randint(0, size - kept + 1, (), generator=generator)), kept


def _resize(image: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(image.shape[-2:]) == size:
        return image
    return F.interpolate(image[None], size=size, mode="bilinear", antialias=True)[0]


def _map_images(
    sample: FocusSample, change: Callable[[Tensor], Tensor], *, disparity_scale: float = 1.0
) -> FocusSample:
    return dataclasses.replace(
        sample,
        deep=change(sample.deep),
        shallow=change(sample.shallow),
        adjusted=change(sample.adjusted),
        focal_disparity=sample.focal_disparity * disparity_scale,
        disparity=None if sample.disparity is None else change(sample.disparity) * disparity_scale,
        radiance=None if sample.radiance is None else change(sample.radiance),
    )
