"""What a focus target shows: where it is in the frames that follow, and at which disparity."""

import math

import numpy as np
from jaxtyping import Num, UInt8

from rackfocus.focus.subjects.subject_disparity import subject_box, subject_disparity
from rackfocus.focus.trackers.tracker import Box, Tracked, Tracker
from rackfocus.types import FocusTarget

Image = UInt8[np.ndarray, "height width 3"]
Disparity = Num[np.ndarray, "rows columns"]


class FollowedSubject:
    """The subject of one target. Until a tracker is started, it stays where it is.

    Attributes:
        target: says where it is at first.
        end: the first frame in which it is no longer needed.
        tracked: where it is now, in pixels of the frame.

    Args:
        target: in pixels of the source video.
        end: see above.
        scale_from_source: width of the frames over that of the source video.
        image: the frame in which it is at the target's point.
        disparity: of that frame, maybe coarser: how far the subject reaches, where the target has no box.
    """

    def __init__(
        self, target: FocusTarget, end: float, scale_from_source: float, image: Image, disparity: Disparity
    ) -> None:
        self.target, self.end = target, end
        x, y = (target.x + 0.5) * scale_from_source, (target.y + 0.5) * scale_from_source
        if target.box is None:
            across, down = _cells(image, disparity)
            box = _scaled(subject_box(disparity, (x * across, y * down)), 1 / across, 1 / down)
        else:
            left, top, right, bottom = target.box
            box = _scaled((left, top, right + 1, bottom + 1), scale_from_source, scale_from_source)
        self.tracked = Tracked(box, 0.0)
        # Where in its box the point is.
        self._share = (x - box[0]) / (box[2] - box[0]), (y - box[1]) / (box[3] - box[1])
        self._tracker: Tracker | None = None

    def start(self, tracker: Tracker, image: Image) -> None:
        """Let a tracker follow it, from the frame that it was made with."""
        tracker.start(image, self.tracked.box)
        self._tracker, self.tracked = tracker, Tracked(self.tracked.box, 1.0)

    def follow(self, image: Image, is_cut: bool) -> None:
        """The next frame."""
        if self._tracker is not None:
            self.tracked = self._tracker.follow(image, is_cut=is_cut)

    def point(self, image: Image) -> tuple[float, float]:
        """In pixels from the left and upper border of the frame, and within it."""
        left, top, right, bottom = self.tracked.box
        x, y = left + self._share[0] * (right - left), top + self._share[1] * (bottom - top)
        height, width = image.shape[:2]
        return min(max(x, 0.5), width - 0.5), min(max(y, 0.5), height - 0.5)

    def disparity(self, image: Image, disparity: Disparity) -> float:
        """In the disparity's own unit; NaN where the subject is lost."""
        if self._tracker is not None and self.tracked.confidence == 0:
            return math.nan
        return subject_disparity(disparity, _scaled(self.tracked.box, *_cells(image, disparity)))


def _cells(image: Image, disparity: Disparity) -> tuple[float, float]:
    """How many cells of the disparity go to a pixel of the image: columns and rows."""
    return disparity.shape[1] / image.shape[1], disparity.shape[0] / image.shape[0]


def _scaled(box: Box, across: float, down: float) -> Box:
    return box[0] * across, box[1] * down, box[2] * across, box[3] * down
