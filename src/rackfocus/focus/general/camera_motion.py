"""How fast the camera turns: what is in focus does not matter in the blur of a whip pan."""

from itertools import pairwise

import cv2
import numpy as np
from jaxtyping import Float

from rackfocus.focus.detectors.over_time import frame_s, smoothed
from rackfocus.focus.detectors.window import ClipWindow
from rackfocus.video.flow.dis import DISFlow

LONGER_SIDE_PX = 80
"""Enough for the motion of the whole frame; motion of a quarter of the frame between two frames is found."""


def camera_speed(window: ClipWindow, *, smoothing_s: float = 0.05) -> Float[np.ndarray, " frame"]:
    """The median motion of each frame, in diagonals of the frame a second; 0 across cuts.

    Args:
        window: the frames.
        smoothing_s: standard deviation of the Gaussian over time.
    """
    flow = DISFlow(preset="ultrafast")
    height, width = window.frames.shape[1:3]
    scale = min(1.0, LONGER_SIDE_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    images = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in window.frames]
    speed = np.zeros(len(images))
    for shot in window.shots:
        moves = [
            float(np.median(np.hypot(*flow(one, other).transpose(2, 0, 1))))
            for one, other in pairwise(images[shot])
        ]
        if moves:
            # The motion of a frame is that to the next one.
            motion = np.array([*moves, moves[-1]], np.float32) / np.float32(np.hypot(*size))
            shown_s = frame_s(window, shot)
            speed[shot] = smoothed((motion / shown_s)[:, None, None], smoothing_s / shown_s).ravel()
    return speed
