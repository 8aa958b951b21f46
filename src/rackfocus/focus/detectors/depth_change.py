"""Detector of what moves in depth. A shadow moves over the ground, and the disparity there stays as it is."""

from collections.abc import Set

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from rackfocus.focus.detectors.over_time import frame_s
from rackfocus.focus.detectors.window import ClipWindow


class DepthChange:
    """Compares the disparity of each cell with that of its neighbourhood shortly before and after.

    What moves hides and reveals what is behind it, so disparity changes there. What is about as far as the
    background it moves in front of changes little, and focus need not change for it. The neighbourhood makes
    the comparison insensitive to a handheld camera and to small errors of estimated disparity.

    Args:
        before_s: how long before; half of that time is compared, too.
        after_s: how long after: the map tells of a change so long before it.
        reach: radius of the neighbourhood, as a share of the longer side.
        step: the change with probability 1, as a share of the spread of the frame's disparity.
        spread: the map's values are spread by this radius, as a share of the longer side, since the inside of
            what moves may keep its disparity.
    """

    def __init__(
        self,
        *,
        before_s: float = 0.4,
        after_s: float = 0.2,
        reach: float = 0.0125,
        step: float = 0.15,
        spread: float = 0.03,
    ) -> None:
        self.before_s = before_s
        self.after_s = after_s
        self.reach = reach
        self.step = step
        self.spread = spread

    def __call__(self, window: ClipWindow) -> Float32[np.ndarray, "frame rows columns"]:
        """See `rackfocus.focus.detectors.window.Detector`; 1 everywhere if the disparity is unknown."""
        rows, columns = window.map_size
        if window.disparity is None:
            return np.ones((len(window.frames), rows, columns), np.float32)
        maps = np.zeros((len(window.frames), rows, columns), np.float32)
        for shot in window.shots:
            # The nearest cell's: means over a silhouette are disparities of nothing.
            disparity = [
                cv2.resize(each, (columns, rows), interpolation=cv2.INTER_NEAREST)
                for each in window.disparity[shot].astype(np.float32)
            ]
            before, after = (
                max(1, round(each / frame_s(window, shot))) for each in (self.before_s, self.after_s)
            )
            lags = {-before, -(before // 2), after}
            maps[shot] = self._changes(np.stack(disparity).reshape(-1, rows, columns), lags)
        return maps

    def missing(self, window: ClipWindow) -> str | None:  # noqa: ARG002
        """`None`: without disparity, the other detectors decide."""
        return None

    def _changes(
        self, disparity: Float32[np.ndarray, "frame rows columns"], lags: Set[int]
    ) -> Float32[np.ndarray, "frame rows columns"]:
        longer = max(disparity.shape[1:])
        near, around = _disk(self.reach * longer), _disk(self.spread * longer)
        low = [cv2.erode(each, near) for each in disparity]
        high = [cv2.dilate(each, near) for each in disparity]
        maps = np.zeros_like(disparity)
        for frame, own in enumerate(disparity):
            change = np.zeros_like(own)
            for other in (frame + lag for lag in lags):
                if 0 <= other < len(disparity):
                    change = np.maximum(change, np.maximum(own - high[other], low[other] - own))
            least, most = np.quantile(own, (0.05, 0.95))
            if most > least:
                probable = np.clip(change / np.float32(self.step * (most - least)), 0, 1)
                maps[frame] = cv2.dilate(probable, around)
        return maps


def _disk(radius: float) -> UInt8[np.ndarray, "side side"]:
    side = 2 * round(radius) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
