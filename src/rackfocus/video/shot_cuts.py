"""Detection of cuts (a new shot begins) from two successive frames."""

from typing import Any

import cv2
import numpy as np
import torch.nn.functional as F
from jaxtyping import Float32, UInt8
from torch import Tensor

from rackfocus.video.flow.optical_flow import Image

THUMBNAIL = (160, 90)
"""Width and height at which frames are compared."""
SAME_LAYOUT = 0.6
"""Minimum correlation of the blurred thumbnails within a shot. A light switched on changes it little."""
EXPLAINED = 0.3
"""Minimum share of pixels that optical flow explains within a shot, however fast the motion."""
DELTA_PX = 1.0
DELTA_LUMA = 32.0
"""A pixel is explained if the flow is consistent and leads to a luma within this difference, of 255."""
SAME_VIEW = 0.95
"""Minimum correlation of the middle of one thumbnail with a part of the other for a pan within a shot. Of
21,000 pairs of pictures that have nothing in common, none reached 0.9; frames of a whip pan have 0.98."""
LEAST_CONTRAST = 4.0
"""Standard deviation of luma, of 255, below which a part has no shapes that could be found elsewhere."""


def begins_shot(before: Image, after: Image) -> bool:
    """Whether there is a cut between two frames: the layout differs, and neither flow nor a pan explains it.

    Dissolves and fades are not detected; the masks of the temporal filter handle them. Of a tensor, only the
    thumbnail is copied to the host.
    """
    first, second = (cv2.cvtColor(thumbnail(frame), cv2.COLOR_RGB2GRAY) for frame in (before, after))
    return (
        _correlation(first, second) < SAME_LAYOUT
        and _explained(first, second) < EXPLAINED
        and not (_is_panned(first, second) or _is_panned(second, first))
    )


def luma_codes(
    image: Image,
) -> UInt8[np.ndarray, "height width"] | UInt8[Tensor, "height width"]:
    """The luma of an image in 0..255, rounded, as OpenCV weighs the colours; on the device of the image."""
    if isinstance(image, Tensor):
        red, green, blue = image.float().unbind(2)
        return (0.299 * red + 0.587 * green + 0.114 * blue).round_().byte()
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def thumbnail(frame: Image) -> UInt8[np.ndarray, "_ _ 3"]:
    """A frame at the size at which `begins_shot` compares it, on the host; a thumbnail stays as it is."""
    if isinstance(frame, Tensor):
        width, height = THUMBNAIL
        small = F.interpolate(frame.permute(2, 0, 1)[None].float(), size=(height, width), mode="area")
        return small[0].round_().byte().permute(1, 2, 0).cpu().numpy()
    return cv2.resize(frame, THUMBNAIL, interpolation=cv2.INTER_AREA)


def _correlation(first: UInt8[np.ndarray, "h w"], second: UInt8[np.ndarray, "h w"]) -> float:
    """Correlation of the large shapes; 0 where a frame has none."""
    one, other = (cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 5) for grey in (first, second))
    one, other = one - one.mean(), other - other.mean()
    return float((one * other).mean() / max(float(one.std() * other.std()), 1e-3))


def _explained(first: UInt8[np.ndarray, "h w"], second: UInt8[np.ndarray, "h w"]) -> float:
    """The share of the second frame's pixels with consistent flow to a similar luma."""
    search: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    back, there = search.calc(second, first, None), search.calc(first, second, None)
    rows, columns = np.mgrid[: second.shape[0], : second.shape[1]].astype(np.float32)
    found, returned = (
        _at(values, columns + back[..., 0], rows + back[..., 1])
        for values in (first.astype(np.float32), there)
    )
    leads_back = np.square(back + returned).sum(axis=2) <= DELTA_PX**2
    return float((leads_back & (np.abs(found - second) <= DELTA_LUMA)).mean())


def _is_panned(first: UInt8[np.ndarray, "h w"], second: UInt8[np.ndarray, "h w"]) -> bool:
    """Whether the middle half of the second frame, of width and height, is somewhere in the first.

    Optical flow fails in a whip pan, where motion is farther than it searches and blurs each frame.
    """
    rows, columns = second.shape
    middle = second[rows // 4 : rows - rows // 4, columns // 4 : columns - columns // 4]
    if middle.std() < LEAST_CONTRAST:
        return False
    return float(cv2.matchTemplate(first, middle, cv2.TM_CCOEFF_NORMED).max()) >= SAME_VIEW


def _at(
    values: Float32[np.ndarray, "*shape"], x: Float32[np.ndarray, "h w"], y: Float32[np.ndarray, "h w"]
) -> Float32[np.ndarray, "*shape"]:
    return cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
