"""PSNR at silhouettes, where blurred surfaces overlap: the hardest part of a rendered image."""

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rackfocus.metrics.image import displayed

EDGE_STEP_PX = 1.0
"""Neighbours whose disparities differ by more are on two sides of a silhouette."""

_SLACK = 1e-3
"""Tolerance for distances, which are roots of integers in float32; up to 500 px they differ by more."""


def silhouette_mask(
    disparity: Float[Tensor, "batch 1 height width"],
) -> Bool[Tensor, "batch 1 height width"]:
    """Pixels within one blur radius of a disparity edge.

    An edge is a pair of 4-neighbours whose disparities differ by more than `EDGE_STEP_PX`. Its radius is the
    larger `|D|` of the two, at least 1, rounded up. Distances are to the nearer of its two pixels.
    """
    masks = [_mask(image[0].cpu().numpy()) for image in disparity.detach().float()]
    return torch.from_numpy(np.stack(masks))[:, None].to(disparity.device)


def silhouette_psnr(
    linear_rgb: Float[Tensor, "batch 3 height width"],
    truth: Float[Tensor, "batch 3 height width"],
    disparity: Float[Tensor, "batch 1 height width"],
) -> Float[Tensor, ""]:
    """Peak signal-to-noise ratio in dB of the displayed images inside the silhouette mask.

    NaN where there is no silhouette.
    """
    mask = silhouette_mask(disparity).expand_as(truth)
    error = (displayed(linear_rgb) - displayed(truth))[mask]
    return -10 * error.square().mean().log10()


def within_radius(radius_px: Int[np.ndarray, "height width"]) -> Bool[np.ndarray, "height width"]:
    """Pixels no farther than `radius_px` from a pixel whose radius is not 0."""
    mask = np.zeros(radius_px.shape, bool)
    for radius in np.unique(radius_px[radius_px > 0]):
        elsewhere = (radius_px != radius).astype(np.uint8)
        distance = cv2.distanceTransform(elsewhere, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        mask |= distance <= radius + _SLACK
    return mask


def _mask(disparity: Float[np.ndarray, "height width"]) -> Bool[np.ndarray, "height width"]:
    radius_px = np.zeros(disparity.shape, np.int64)
    for axis in (0, 1):
        before = np.take(disparity, np.arange(disparity.shape[axis] - 1), axis)
        after = np.take(disparity, np.arange(1, disparity.shape[axis]), axis)
        reach = np.ceil(np.maximum(np.maximum(np.abs(before), np.abs(after)), 1)).astype(np.int64)
        reach[np.abs(before - after) <= EDGE_STEP_PX] = 0
        for first in (0, 1):  # both pixels of the pair
            pair = np.moveaxis(radius_px, axis, 0)[first : first + reach.shape[axis]]
            np.maximum(pair, np.moveaxis(reach, axis, 0), out=pair)
    return within_radius(radius_px)
