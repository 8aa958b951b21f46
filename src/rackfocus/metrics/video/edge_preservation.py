"""VEPI (Yang et al. 2026, Any-to-Bokeh): how well a refocused video keeps the edges of its subject in focus.

As in the authors' script (`metrics/edge_batch.py` of vivoCameraResearch/any-to-bokeh).
"""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

GROWN_PX = 5
"""The side of the square by which the mask of the subject grows, so that its outline is within."""


def edge_preservation(
    sharp: UInt8[np.ndarray, "rows columns 3"],
    shallow: UInt8[np.ndarray, "height width 3"],
    subject: Bool[np.ndarray, "mask_rows mask_columns"],
) -> float:
    """Correlation of the edges of a sharp and a refocused frame within the subject; 1 is the best.

    The correlation coefficient of the magnitudes of Sobel's 3x3 gradients of the grey frames, over the pixels
    of the grown mask. The sharp frame and the mask may be of another size, and are brought to that of the
    refocused one.

    Args:
        sharp: encoded RGB in 0..255, everything in focus.
        shallow: encoded RGB in 0..255, with the subject in focus.
        subject: true on the subject.

    Returns:
        -1 to 1; 0 where there is no subject, or where one of the two has no edge there, as in the script.
    """
    size = shallow.shape[1::-1]
    sharp = cv2.resize(sharp, size, interpolation=cv2.INTER_LINEAR)
    mask = cv2.resize(subject.astype(np.uint8) * 255, size, interpolation=cv2.INTER_LINEAR)
    within = cv2.dilate(mask, np.ones((GROWN_PX, GROWN_PX), np.uint8)) > 127
    one, other = (_edges(frame)[within] for frame in (sharp, shallow))
    if not within.any():
        return 0.0
    one, other = one - one.mean(), other - other.mean()
    norm = np.sqrt((one**2).sum() * (other**2).sum())
    return float((one * other).sum() / norm) if norm else 0.0


def smoothness(values: Sequence[float]) -> float:
    """How evenly a score runs from frame to frame: 1 minus the standard deviation of its differences, at
    least 0; higher is better.

    Returns:
        0 to 1; 0 for fewer than two frames, as in the script.
    """
    return max(0.0, 1 - float(np.std(np.diff(values)))) if len(values) > 1 else 0.0


def _edges(frame: UInt8[np.ndarray, "height width 3"]) -> np.ndarray:
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    x, y = (cv2.Sobel(grey, cv2.CV_64F, *axis, ksize=3) for axis in ((1, 0), (0, 1)))
    return np.sqrt(x**2 + y**2)
