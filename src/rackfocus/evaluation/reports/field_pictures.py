"""The fields of samples as pictures: light, disparity, distance, maps and flow, by their names."""

import math
from enum import Enum

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from rackfocus.evaluation.reports.pictures import disparity_picture
from rackfocus.optics.radiometry import linear_to_srgb


class Kind(Enum):
    """The kind of a field, which determines how it is drawn."""

    ENCODED = "encoded"
    LINEAR = "linear"
    SIGNED = "signed"
    POSITIVE = "positive"
    DISTANCE = "distance"
    MAP = "map"
    FLOW = "flow"


LEGENDS = {
    Kind.ENCODED: "encoded, as it is",
    Kind.LINEAR: "linear light, encoded here",
    Kind.SIGNED: "red < 0 (front), green 0, blue > 0",
    Kind.POSITIVE: "bright is much",
    Kind.DISTANCE: "bright is near, black unknown",
    Kind.MAP: "white is much",
    Kind.FLOW: "hue: direction, white: none",
}

_LINEAR_NAMES = ("shallow", "adjusted", "radiance", "linear", "hdr")
_DISTANCE_NAMES = ("depth", "distance")
_MIDDLE_GREY = 0.18


def kind_of(name: str, channels: int, least: float, most: float) -> Kind:
    """The kind of a field, from its name, its channels and its range."""
    if channels == 2:
        return Kind.FLOW
    if channels >= 3:
        is_linear = most > 1 or any(word in name for word in _LINEAR_NAMES)
        return Kind.LINEAR if is_linear else Kind.ENCODED
    if any(word in name for word in _DISTANCE_NAMES):
        return Kind.DISTANCE
    if least < 0:
        return Kind.SIGNED
    return Kind.POSITIVE if "disparity" in name else Kind.MAP


def field_picture(
    kind: Kind, values: Float[Tensor, "frame channel height width"], *, least: float, most: float
) -> tuple[UInt8[np.ndarray, "frame height width 3"], str]:
    """Draw the frames of one field, finite values, by the range of the whole field.

    Returns the pictures, and text for the caption, such as their exposure.
    """
    if kind is Kind.ENCODED:
        return _bytes(values[:, :3]), ""
    if kind is Kind.LINEAR:
        gain = _exposure(values[:, :3])
        return _bytes(linear_to_srgb((gain * values[:, :3]).clamp(0, 1))), (
            "" if gain == 1 else f", shown {gain:.2g} times as bright"
        )
    if kind is Kind.SIGNED:
        reach = max(-least, most, 1e-9)
        return np.stack([disparity_picture(frame[None, :1], reach_px=reach) for frame in values]), ""
    if kind is Kind.FLOW:
        return _flow(values)
    if kind is Kind.DISTANCE:
        # 0 means unknown and is drawn black.
        near = torch.where(values[:, :1] > 0, 1 / values[:, :1].clamp_min(1e-3), 0)
        return _heat(near / _reach(near)), ""
    span = max(most - min(least, 0.0), 1e-9)
    if kind is Kind.POSITIVE:
        return _heat((values[:, :1] - min(least, 0.0)) / span), ""
    # Masks of 0 and 1 are not scaled; densities, often tiny, are scaled from black to white.
    top = 1.0 if 0.5 <= most <= 1 else max(float(values.max()), 1e-9)
    return _bytes((values[:, :1] / top).expand(-1, 3, -1, -1)), ""


def _exposure(linear: Tensor) -> float:
    """1, unless most of the picture would be black or white, as for light of unknown units."""
    middle = float(linear.amax(1).median())
    if 0.003 <= middle <= 0.9 or middle <= 0:
        return 1.0
    return _MIDDLE_GREY / middle


def _flow(values: Tensor) -> tuple[np.ndarray, str]:
    """The colour wheel: hue is the direction, saturation the speed, scaled to nearly all pixels."""
    length = values[:, :2].norm(dim=1)
    reach = _reach(length)
    angle = torch.atan2(values[:, 1], values[:, 0])
    hue = (angle / (2 * math.pi) % 1 * 180).round() % 180
    saturation = (length / reach).clamp(0, 1) * 255
    hsv = torch.stack([hue, saturation, torch.full_like(hue, 255)], dim=-1).byte().numpy()
    return np.stack(
        [cv2.cvtColor(frame, cv2.COLOR_HSV2RGB) for frame in hsv]
    ), f", full colour at {reach:.3g}"


def _reach(values: Tensor) -> float:
    """A bound of nearly all values."""
    return max(float(np.quantile(values.numpy(), 0.99)), 1e-9)


def _heat(shares: Tensor) -> np.ndarray:
    codes = (shares[:, 0].clamp(0, 1) * 255).round().byte().numpy()
    return np.stack([cv2.applyColorMap(frame, cv2.COLORMAP_INFERNO)[..., ::-1] for frame in codes])


def _bytes(shares: Tensor) -> np.ndarray:
    return (shares.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()
