"""Regions around the boundary of a subject's mask; lengths are for pictures of `LINES` lines."""

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

LINES = 720
"""The picture height for which lengths and blur radii are given; they are scaled to other heights."""
RING_PX = (8.0, 40.0)
"""Range of distances from a subject that count as its surroundings, in pixels at `LINES` lines."""


def signed_distance_px(mask: Bool[Tensor, "height width"]) -> Float[Tensor, "height width"]:
    """Distance to the nearest pixel of the other value: positive inside the mask, negative outside it.

    The edge of the picture is no boundary. A mask with a single value gives infinity.
    """
    inside = mask.cpu().numpy().astype(np.uint8)
    if inside.all() or not inside.any():
        return torch.where(mask, torch.inf, -torch.inf)
    distances = (
        cv2.distanceTransform(pixels, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for pixels in (inside, 1 - inside)
    )
    return torch.from_numpy(next(distances) - next(distances)).to(mask.device)


def surroundings(mask: Bool[Tensor, "height width"]) -> Bool[Tensor, "height width"]:
    """The ring outside the mask, between the two distances of `RING_PX` from it."""
    distance = -signed_distance_px(mask) * (LINES / mask.shape[0])
    return (distance >= RING_PX[0]) & (distance <= RING_PX[1])


def near_boundary(mask: Bool[Tensor, "height width"]) -> Bool[Tensor, "height width"]:
    """Pixels within the larger distance of `RING_PX` of the mask's boundary, on both sides."""
    return signed_distance_px(mask).abs() * (LINES / mask.shape[0]) <= RING_PX[1]
