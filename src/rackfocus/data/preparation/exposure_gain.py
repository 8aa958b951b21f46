"""The exposure gain between two photographs of a scene, which are rarely exposed equally."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float

from rackfocus.data.alignment import usable

Grey = Float[np.ndarray, "height width"]

_SMOOTH_PX = 2.0
_FEWEST_PIXELS = 400
_ROUGH_WINDOW_PX = 31


@dataclass(frozen=True)
class Gain:
    """How much brighter a shot is than the deep picture: the median over pixels of the factor in linear
    light, and the ratio of its quartiles.
    """

    value: float
    spread: float


def measure_gain(
    deep: Grey, shot: Grey, mask: Bool[np.ndarray, "height width"], encoded: tuple[Grey, Grey]
) -> Gain | None:
    """The median ratio of pixels that are in focus in both pictures (`mask`) and neither clipped nor dark.

    `deep` and `shot` are luminance in linear light, in the same pixels; `encoded` are both as photographed.
    The median is robust against highlights, reflections and vignetting: a wide aperture darkens the corners,
    so that no factor fits the whole frame; the pixels in focus matter most in training.

    Returns:
        `None`: there are too few such pixels.
    """
    chosen = mask & usable(encoded[0]) & usable(encoded[1])
    if chosen.sum() < _FEWEST_PIXELS:
        return None
    smooth = [
        np.maximum(cv2.GaussianBlur(picture, (0, 0), _SMOOTH_PX)[chosen], 1e-4) for picture in (deep, shot)
    ]
    lower, median, upper = np.quantile(np.log(smooth[1] / smooth[0]), [0.25, 0.5, 0.75])
    return Gain(float(np.exp(median)), float(np.exp(upper - lower)))


def rough_gain(deep: Grey, shot: Grey, encoded: tuple[Grey, Grey]) -> float:
    """The median ratio of whole pictures, blurred so much that alignment and focus do not matter."""
    window = (_ROUGH_WINDOW_PX, _ROUGH_WINDOW_PX)
    gain = measure_gain(
        cv2.blur(deep, window), cv2.blur(shot, window), np.ones(deep.shape, bool), encoded
    )  # fmt: skip
    return 1.0 if gain is None else gain.value
