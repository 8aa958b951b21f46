"""Tensors as pictures for display."""

import base64
from io import BytesIO

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image
from torch import Tensor

from rackfocus.metrics.image import displayed

HDR_STOPS = -3.0
"""Exposure for showing recovered and true highlights; at 0 both would be white."""


def picture(
    linear_rgb: Float[Tensor, "1 3 height width"], *, stops: float = 0.0
) -> UInt8[np.ndarray, "height width 3"]:
    """Linear light as sRGB, with its exposure changed by this number of stops."""
    encoded = displayed(linear_rgb * 2.0**stops)[0]
    return (encoded * 255).round().byte().permute(1, 2, 0).cpu().numpy()


def disparity_picture(
    disparity: Float[Tensor, "1 1 height width"], *, reach_px: float
) -> UInt8[np.ndarray, "height width 3"]:
    """Signed disparity in colour: red in front (`-reach_px`), green in focus, blue behind (`+reach_px`)."""
    near = ((reach_px - disparity[0, 0]) / (2 * reach_px)).clamp(0, 1)
    return cv2.applyColorMap((near * 255).round().byte().cpu().numpy(), cv2.COLORMAP_TURBO)[..., ::-1].copy()


def nearness_picture(
    nearness: Float[Tensor, "height width"],
    low: float,
    high: float,
    *,
    valid: Bool[Tensor, "height width"] | None = None,
) -> UInt8[np.ndarray, "height width 3"]:
    """Nearness in colour: blue at `low`, the farthest, to red at `high`; black where it is not valid."""
    codes = ((nearness - low) / max(high - low, 1e-12)).clamp(0, 1) * 255
    colours = cv2.applyColorMap(codes.round().byte().cpu().numpy(), cv2.COLORMAP_TURBO)[..., ::-1].copy()
    if valid is not None:
        colours[~valid.cpu().numpy()] = 0
    return colours


def difference_picture(
    linear_rgb: Float[Tensor, "1 3 height width"], truth: Float[Tensor, "1 3 height width"], *, gain: float
) -> UInt8[np.ndarray, "height width 3"]:
    """The difference of the displayed pictures around middle grey, times `gain`."""
    difference = 0.5 + gain * (displayed(linear_rgb) - displayed(truth))[0]
    return (difference.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()


def data_uri(image: UInt8[np.ndarray, "height width 3"]) -> str:
    """A picture as the `src` of an `<img>`, for pages that are a single file."""
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=92, subsampling=0)
    return file_uri(buffer.getvalue(), "image/jpeg")


def file_uri(content: bytes, media_type: str) -> str:
    """Bytes as a data URI."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
