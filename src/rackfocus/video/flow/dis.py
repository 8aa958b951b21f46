"""Dense inverse search (DIS): fast optical flow (Kroeger et al. 2016), by OpenCV."""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from rackfocus.types import InputError

PRESETS = {
    "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}
SMALLEST_PX = 32
"""Smaller frames are padded to this, four patches: with less, DIS of OpenCV 4.14 may end the process."""


class DISFlow:
    """Optical flow by DIS, on the CPU: of frames on another device it gets copies.

    Args:
        preset: `ultrafast`, `fast` or `medium`; each is three to five times slower than the previous one.

    Raises:
        InputError: there is no such preset.
    """

    def __init__(self, *, preset: str = "fast") -> None:
        if preset not in PRESETS:
            raise InputError(f"flow.preset must be one of {', '.join(PRESETS)}, and is {preset!r}.")
        self.preset = preset

    def __call__(
        self, first: UInt8[np.ndarray, "height width 3"], second: UInt8[np.ndarray, "height width 3"]
    ) -> Float32[np.ndarray, "height width 2"]:
        """See `rackfocus.video.flow.optical_flow.OpticalFlow`."""
        height, width = first.shape[:2]
        first, second = (_padded(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)) for image in (first, second))
        # A new object for each call: it has buffers, and two threads may call at the same time.
        search = cv2.DISOpticalFlow.create(PRESETS[self.preset])
        # OpenCV's type stubs do not allow `None` for the initial flow.
        flow = search.calc(first, second, None)  # type: ignore[call-overload]
        return flow[:height, :width]


def _padded(grey: UInt8[np.ndarray, "height width"]) -> UInt8[np.ndarray, "_ _"]:
    down, right = (max(0, SMALLEST_PX - size) for size in grey.shape)
    return cv2.copyMakeBorder(grey, 0, down, 0, right, cv2.BORDER_REPLICATE) if down or right else grey
