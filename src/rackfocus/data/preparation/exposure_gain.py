"""The exposure gain between two apertures: photographs of one scene are rarely exposed equally."""

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
    """How much brighter a shot is than the deep picture.

    Attributes:
        value: the factor in linear light, the median over pixels.
        spread: the upper quartile of the pixels' factors over the lower one; 1 where one factor explains all.
    """

    value: float
    spread: float


def measure_gain(
    deep: Grey, shot: Grey, mask: Bool[np.ndarray, "height width"], encoded: tuple[Grey, Grey]
) -> Gain | None:
    """The median ratio of pixels in focus, neither clipped nor dark.

    The median is robust against highlights, reflections and vignetting: a wide aperture darkens the corners,
    so no factor fits the whole frame, and what is in focus is where training needs it to fit.

    Args:
        deep: luminance in linear light.
        shot: the same of the shot, in the deep picture's pixels.
        mask: what is in focus in both.
        encoded: both encoded as they were photographed, which tells what is clipped or dark.

    Returns:
        None where too few pixels can tell.
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
    """The median ratio of whole pictures, blurred until alignment and focus hardly matter."""
    window = (_ROUGH_WINDOW_PX, _ROUGH_WINDOW_PX)
    gain = measure_gain(
        cv2.blur(deep, window), cv2.blur(shot, window), np.ones(deep.shape, bool), encoded
    )  # fmt: skip
    return 1.0 if gain is None else gain.value
