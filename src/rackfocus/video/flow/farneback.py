"""Optical flow by polynomial expansion (Farneback 2003), by OpenCV."""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8


class FarnebackFlow:
    """Farneback's flow: smooth, and about ten times slower than DIS; on the CPU, as DIS.

    Args:
        levels: number of levels of the pyramid, each half the size of the previous one.
        window_px: size of the window over which motion is averaged.
        iterations: on each level.
    """

    def __init__(self, *, levels: int = 5, window_px: int = 15, iterations: int = 3) -> None:
        self.levels = levels
        self.window_px = window_px
        self.iterations = iterations

    def __call__(
        self, first: UInt8[np.ndarray, "height width 3"], second: UInt8[np.ndarray, "height width 3"]
    ) -> Float32[np.ndarray, "height width 2"]:
        """See `rackfocus.video.flow.optical_flow.OpticalFlow`."""
        first, second = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (first, second))
        blank = np.zeros((*first.shape, 2), np.float32)
        # Neighbourhoods of 7 pixels and a Gaussian of 1.5, as OpenCV's documentation recommends.
        return cv2.calcOpticalFlowFarneback(
            first, second, blank, 0.5, self.levels, self.window_px, self.iterations, 7, 1.5, 0
        )
