"""Inputs for measuring time and memory: a real scene, at any size and blur."""

import re
from dataclasses import dataclass

import cv2
import numpy as np

from rackfocus.data.apertures.raytraced import RaytracedScene
from rackfocus.evaluation.benchmarks.renderer_peers.method import DisparityMap, Picture
from rackfocus.types import InputError

EDGE_STEP_PX = 0.5
"""Neighbours in the small disparity map that differ by more belong to different surfaces."""


@dataclass(frozen=True)
class Size:
    """A picture's size in pixels."""

    width: int
    height: int

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self.width * self.height

    def __str__(self) -> str:
        known = {size: name for name, size in SIZES.items()}
        return known.get(self, f"{self.width}x{self.height}")


SIZES = {
    "512": Size(512, 512),
    "1024": Size(1024, 1024),
    "1080p": Size(1920, 1080),
    "4k": Size(3840, 2160),
}


def parse_size(text: str) -> Size:
    """A size by name, or as `WIDTHxHEIGHT`.

    Raises:
        InputError: it is neither.
    """
    if text.lower() in SIZES:
        return SIZES[text.lower()]
    match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", text.lower())
    if match is None:
        raise InputError(f"There is no size {text!r}; write one of {', '.join(SIZES)}, or 640x480.")
    return Size(int(match[1]), int(match[2]))


def timing_input(scene: RaytracedScene, size: Size, radius_px: float) -> tuple[Picture, DisparityMap]:
    """The middle of a ray-traced scene, enlarged, its disparity scaled so that the largest is `radius_px`.

    Surfaces are interpolated and silhouettes stay sharp, so that the map has realistic slopes and steps.
    The colours, which are just interpolated, do not affect the time of any renderer.
    """
    radiance = _middle(scene.radiance.permute(1, 2, 0).numpy(), size)
    small = _middle(scene.disparity[0].numpy(), size)
    ones = np.ones((3, 3), np.uint8)
    step = cv2.dilate(small, ones) - cv2.erode(small, ones)
    at_edge = _resized(step, size, cv2.INTER_NEAREST) > EDGE_STEP_PX
    disparity = np.where(
        at_edge, _resized(small, size, cv2.INTER_NEAREST), _resized(small, size, cv2.INTER_LINEAR)
    )
    disparity *= np.float32(radius_px) / np.abs(disparity).max()
    linear = np.maximum(_resized(radiance, size, cv2.INTER_CUBIC), 0)
    return np.ascontiguousarray(linear), np.ascontiguousarray(disparity)


def _middle(image: np.ndarray, size: Size) -> np.ndarray:
    """The largest central part with the aspect ratio of `size`."""
    height, width = image.shape[:2]
    scale = min(width / size.width, height / size.height)
    inner_width, inner_height = max(1, round(size.width * scale)), max(1, round(size.height * scale))
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    return np.ascontiguousarray(image[top : top + inner_height, left : left + inner_width])


def _resized(image: np.ndarray, size: Size, interpolation: int) -> np.ndarray:
    return cv2.resize(image, (size.width, size.height), interpolation=interpolation)
