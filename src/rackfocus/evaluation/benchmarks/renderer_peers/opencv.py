"""Renderers that a user would write with OpenCV."""

from functools import cache

import cv2
import numpy as np
from jaxtyping import Float

from rackfocus.evaluation.benchmarks.renderer_peers.method import DisparityMap, Picture
from rackfocus.optics.kernels import disk_kernel

STACK_RADII_PX = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""Radii of the pre-blurred pictures, about half an octave apart."""


def layered(linear: Picture, disparity: DisparityMap) -> Picture:
    """A layer for each integer disparity, back to front, each blurred with its matte and composited "over".

    A pixel between two levels belongs to both in proportion. The result is divided by its alpha.
    """
    out = np.zeros((*disparity.shape, 4), np.float32)
    nearest, farthest = int(np.floor(disparity.min())), int(np.ceil(disparity.max()))
    for level in range(farthest, nearest - 1, -1):
        matte = np.maximum(0, 1 - np.abs(disparity - level))[..., None]
        if not matte.any():
            continue
        layer = _blurred(np.concatenate([linear * matte, matte], axis=-1), abs(level))
        out = out * (1 - np.clip(layer[..., 3:], 0, 1)) + layer
    return out[..., :3] / np.maximum(out[..., 3:], np.finfo(np.float32).tiny)


def preblurred(linear: Picture, disparity: DisparityMap) -> Picture:
    """A few blurred pictures, interpolated at each pixel by its own blur radius."""
    radius = np.abs(disparity)
    out = np.zeros_like(linear)
    steps = np.array(STACK_RADII_PX, np.float32)
    place = np.interp(radius, steps, np.arange(len(steps))).astype(np.float32)
    for index, step in enumerate(STACK_RADII_PX):
        weight = np.maximum(0, 1 - np.abs(place - index))[..., None]
        if weight.any():
            out += weight * _blurred(linear, step)
    return out


def _blurred(image: Float[np.ndarray, "height width channel"], radius_px: int) -> np.ndarray:
    if radius_px == 0:
        return image
    # OpenCV uses a Fourier transform for large kernels.
    return cv2.filter2D(image, -1, _disk(radius_px), borderType=cv2.BORDER_REPLICATE)


@cache
def _disk(radius_px: int) -> Float[np.ndarray, "size size"]:
    return disk_kernel(radius_px).numpy()
