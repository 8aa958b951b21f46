"""Adds loss detection and recovery to any tracker (as in TLD: Kalal et al. 2012).

A tracker may drift to another object. The subject's appearance is stored separately: a box that does not
match it for some frames has lost the subject. A tracker that recognises its subject says itself when it is
lost. The subject is then searched for by template matching, at several sizes, over an area that grows with
time.
"""

import math
from collections.abc import Iterator

import cv2
import numpy as np
from jaxtyping import UInt8

from rackfocus.focus.trackers.subject_look import SubjectAppearance
from rackfocus.focus.trackers.tracker import Box, Recogniser, Tracked, Tracker, rectangle

Image = UInt8[np.ndarray, "height width 3"]

OTHER_SIZES = (0.9, 1.1, 0.8, 1.25)
"""Other sizes to search at, over the last one: all in the first frame, then one a frame in turn."""
OTHER_SIZE_WORTH = 0.85
"""Factor for the likeness at another size than the last one, against random matches."""
SOUGHT_PX = 24
"""Longer side of the template in the search; a smaller subject is searched at its own size."""
PEAKS = 3
"""Number of candidate positions to verify, for each size and template."""
RECOGNISED = 2
"""Number of the most similar ones that a tracker is asked to recognise, which costs it as much as a frame."""


class RecoveringTracker:
    """A tracker with loss detection and recovery. See `rackfocus.focus.trackers.tracker.Tracker`.

    Args:
        tracker: follows from frame to frame.
        lost_below: a box with less likeness to the subject, of 1, is doubtful. A tracker that recognises its
            subject is believed, but for this much likeness where a lost subject is found again.
        patience_frames: after this many successive doubtful frames the subject is searched for.
        found_above: minimum likeness of a box to find a lost subject again by likeness alone.
        reach: radius of the search in the first frame after the loss, in sizes of its box; it grows by as
            much in each frame. After a cut, the whole frame is searched.
    """

    def __init__(
        self,
        tracker: Tracker,
        *,
        lost_below: float = 0.15,
        patience_frames: int = 5,
        found_above: float = 0.45,
        reach: float = 0.5,
    ) -> None:
        self.tracker = tracker
        self.lost_below, self.patience_frames = lost_below, patience_frames
        self.found_above, self.reach = found_above, reach
        self._look: SubjectAppearance | None = None
        self._seen = Tracked((0.0, 0.0, 1.0, 1.0), 0.0)
        self._size = (1.0, 1.0)
        self._doubted = 0
        self._frames_lost = 0
        self._radius = 0.0

    def start(self, image: Image, box: Box) -> None:
        """See `Tracker.start`."""
        x, y, width, height = rectangle(box, image)
        box = (float(x), float(y), float(x + width), float(y + height))
        self.tracker.start(image, box)
        self._look = SubjectAppearance(image, box)
        self._seen, self._size = Tracked(box, 1.0), (float(width), float(height))
        self._doubted, self._frames_lost, self._radius = 0, 0, 0.0

    def follow(self, image: Image, *, is_cut: bool = False) -> Tracked:
        """See `Tracker.follow`. The confidence is the likeness to the subject, or the tracker's own where it
        recognises the subject.
        """
        assert self._look is not None, "start comes first"
        found = None if is_cut or self._frames_lost else self._followed(image, self._look)
        if found is None:
            self._frames_lost += 1
            self._radius += math.inf if is_cut else self.reach * max(self._size)
            found = self._sought(image, self._look)
        if found is None:
            self._seen = Tracked(self._seen.box, 0.0)
            return self._seen
        self._seen, self._frames_lost, self._radius = found, 0, 0.0
        if found.confidence >= self.found_above:
            self._look.learn(image, found.box)
            self._size = (found.box[2] - found.box[0], found.box[3] - found.box[1])
        return found

    def _followed(self, image: Image, look: SubjectAppearance) -> Tracked | None:
        """The tracker's position of the subject, unless it has been doubtful for too long."""
        there = self.tracker.follow(image)
        if _is_outside(there.box, image):
            return None
        if isinstance(self.tracker, Recogniser):
            doubtful = there.confidence == 0
            seen = Tracked(self._seen.box, 0.0) if doubtful else there
        elif there.confidence == 0:
            return None
        else:
            likeness = look.likeness(image, there.box)
            doubtful = likeness < self.lost_below
            seen = Tracked(there.box, max(likeness, 0.01))
        self._doubted = self._doubted + 1 if doubtful else 0
        if self._doubted > self.patience_frames:
            self._doubted = 0
            return None
        return seen

    def _sought(self, image: Image, look: SubjectAppearance) -> Tracked | None:
        """Find the subject within reach, where it is most similar and similar enough, and follow it there."""
        alike: list[Tracked] = []
        turn = self._frames_lost % len(OTHER_SIZES)
        others = OTHER_SIZES if self._frames_lost == 1 else OTHER_SIZES[turn : turn + 1]
        for size in (1.0, *others):
            worth = 1.0 if size == 1 else OTHER_SIZE_WORTH
            for box in self._candidates(image, look, size):
                alike.append(Tracked(box, worth * look.likeness(image, box)))
        alike.sort(key=lambda each: -each.confidence)
        if isinstance(self.tracker, Recogniser):
            # The most similar may be another, and so may what the tracker takes for it: both must agree.
            for box in (self._seen.box, *(each.box for each in alike[:RECOGNISED])):
                there = self.tracker.recognise(image, box)
                if there.confidence and look.likeness(image, there.box) >= self.lost_below:
                    self.tracker.resume(image, there.box)
                    return there
        elif alike and alike[0].confidence >= self.found_above:
            self.tracker.start(image, alike[0].box)
            return alike[0]
        return None

    def _candidates(self, image: Image, look: SubjectAppearance, size: float) -> Iterator[Box]:
        """The boxes of one size with the best template matches."""
        width, height = size * self._size[0], size * self._size[1]
        left, top, right, bottom = self._seen.box
        rows = _range((top + bottom) / 2, height / 2 + self._radius, image.shape[0])
        columns = _range((left + right) / 2, width / 2 + self._radius, image.shape[1])
        if len(columns) < width or len(rows) < height:
            return
        reduction = min(SOUGHT_PX, max(width, height)) / max(look.pictures[0].shape[:2])
        sought = [cv2.resize(each, None, fx=reduction, fy=reduction, interpolation=cv2.INTER_AREA)
                  for each in look.pictures]  # fmt: skip
        down, across = sought[0].shape[:2]
        part = cv2.resize(
            image[rows.start : rows.stop, columns.start : columns.stop],
            (max(round(len(columns) * across / width), across), max(round(len(rows) * down / height), down)),
            interpolation=cv2.INTER_AREA,
        ).astype(np.float32)
        for picture in sought:
            scores = cv2.matchTemplate(part, picture, cv2.TM_CCOEFF_NORMED)
            for _ in range(PEAKS):
                _, score, _, (column, row) = cv2.minMaxLoc(scores)
                if score <= 0:
                    break
                x, y = columns.start + column * width / across, rows.start + row * height / down
                yield x, y, x + width, y + height
                scores[max(0, row - down // 3) : row + down // 3 + 1,
                       max(0, column - across // 3) : column + across // 3 + 1] = -1  # fmt: skip


def _range(middle: float, reach: float, size: int) -> range:
    """The pixels within reach along one axis."""
    return range(math.floor(max(middle - reach, 0)), math.ceil(min(middle + reach, size)))


def _is_outside(box: Box, image: Image) -> bool:
    """Whether the centre of a box is outside the frame."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return not (0 <= x < image.shape[1] and 0 <= y < image.shape[0])
