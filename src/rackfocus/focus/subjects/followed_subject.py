"""The subject of a focus target, followed through the frames, and its disparity."""

import copy
import math
from collections import deque
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
from jaxtyping import Num, UInt8

from rackfocus.focus.boxes import area, common, overlap
from rackfocus.focus.subjects.subject_depth import subject_depth
from rackfocus.focus.subjects.subject_disparity import SAME_DEPTH, subject_box, subject_disparity
from rackfocus.focus.subjects.subject_point import subject_point
from rackfocus.focus.trackers.subject_colours import SubjectColours
from rackfocus.focus.trackers.tracker import Box, Tracked, Tracker
from rackfocus.types import FocusTarget

SAME = 0.2
"""Least intersection over union of two boxes of one subject."""
PATIENCE_FRAMES = 5
"""For so many frames in a row a tracker may be nowhere near where its subject is seen."""
BACK_FRAMES = 25
"""About a second: so far back is a subject followed that was lost and is found again."""

Image = UInt8[np.ndarray, "height width 3"]
Disparity = Num[np.ndarray, "rows columns"]


@dataclass(frozen=True)
class Sight:
    """Where a subject is seen in a frame, by something that looks for it anew there, in pixels of the video.

    Attributes:
        box: as `FocusTarget.box`: of what is followed, such as a face; with a point, of a region that has the
            subject in it, such as what moves of it.
        point: `(x, y)` on the subject in such a region. `None`: the box is of what is followed.
        moves: whether the region is what moves of the subject, which may be a part of it.
    """

    box: Box
    point: tuple[float, float] | None = None
    moves: bool = False


def followed_box(target: FocusTarget, seen: Sight | None) -> Box | None:
    """The box of what is followed of a target's subject, as `FocusTarget.box`: that which is seen in the
    target's frame, or the target's own, which may be unknown.
    """
    return target.box if seen is None or seen.point is not None else seen.box


class FollowedSubject:
    """The subject of one target. Without a tracker, it stays at its position.

    Attributes:
        target: gives its initial position.
        end: the first frame in which it is no longer needed.
        tracked: its current position, in pixels of the frame.
        strayed_frames: for how many frames before this one the tracker was elsewhere than where it was seen,
            where it starts anew in this one for that; else 0.
        retraced: if it was lost and is found again at another place in this frame, the frames before this one
            in which it was elsewhere than it seemed, the latest first, and itself as it was there.

    Args:
        target: in pixels of the source video.
        end: see above.
        scale_from_source: width of the frames over that of the source video.
        image: the frame in which it is at the target's point.
        disparity: of that frame, possibly coarser; gives the subject's size if the target has no box.
        seen: what is followed of the subject, such as its face. `None`, and a region: the target's box.
    """

    def __init__(
        self,
        target: FocusTarget,
        end: float,
        scale_from_source: float,
        image: Image,
        disparity: Disparity,
        seen: Sight | None = None,
    ) -> None:
        self.target, self.end = target, end
        x, y = (target.x + 0.5) * scale_from_source, (target.y + 0.5) * scale_from_source
        known = followed_box(target, seen)
        if known is None:
            across, down = _cells(image, disparity)
            box = _scaled(subject_box(disparity, (x * across, y * down)), 1 / across, 1 / down)
        else:
            box = _in_frame(known, scale_from_source)
        self.tracked = Tracked(box, 0.0)
        # Relative position of the point in its box.
        self._share = _share((x, y), box)
        self._scale_from_source = scale_from_source
        self.strayed_frames = 0
        self.retraced: list[tuple[Image, FollowedSubject]] = []
        # The latest frames, and where it was in them.
        self._latest: deque[tuple[Image, Tracked]] = deque(maxlen=BACK_FRAMES)
        # In how many frames the tracker was nowhere near where the subject is seen, and since how many.
        self._apart = self._apart_for = 0
        self._tracker: Tracker | None = None
        self._unstarted: Tracker | None = None
        self._colours: SubjectColours | None = None
        # The last frame, where its box is known without the tracker, which has yet to start there.
        self._known_in: Image | None = None

    def start(self, tracker: Tracker, image: Image) -> None:
        """Follow it by a tracker, from the frame given to the constructor."""
        self._unstarted = copy.deepcopy(tracker)
        self._tracker, self.tracked, self._known_in = tracker, Tracked(self.tracked.box, 1.0), image
        self._colours = SubjectColours(image, self.tracked.box)
        self._latest.append((image, self.tracked))

    def follow(self, image: Image, is_cut: bool, seen: Sight | None = None) -> None:
        """Process the next frame.

        Args:
            image: the frame.
            is_cut: whether a new shot begins with it.
            seen: where it is seen in the frame. A box of what is followed is taken; a region only if the
                tracker has been beside such regions for a while, and then it starts there anew. `None`: it
                is not seen, and the tracker finds it, from the last known box on.
        """
        self.strayed_frames, self._apart_for, self.retraced = 0, self._apart_for + 1, []
        if self._tracker is None:
            return
        if is_cut:
            self._latest.clear()
        before = self.tracked
        if seen is not None and seen.point is None:
            self.tracked, self._known_in = Tracked(_in_frame(seen.box, self._scale_from_source), 1.0), image
            self._apart = 0
        else:
            if self._known_in is not None:
                self._tracker.start(self._known_in, self.tracked.box)
                self._known_in = None
            self.tracked = self._tracker.follow(image, is_cut=is_cut)
            if seen is not None:
                self._correct(seen, image)
        is_found = before.confidence == 0 and self.tracked.confidence > 0 and not self.strayed_frames
        if is_found and overlap(np.array(before.box), np.array(self.tracked.box)) < SAME:
            self.retraced = self._retraced(image)
        self._latest.append((image, self.tracked))

    def _retraced(self, image: Image) -> list[tuple[Image, "FollowedSubject"]]:
        """See the attribute. Backward in time, it is followed from where it is found to where it was lost.

        A tracker that loses its subject behind something may have followed something else before it says so.
        """
        tracker = copy.deepcopy(self._unstarted)
        assert tracker is not None
        tracker.start(image, self.tracked.box)
        found: list[tuple[Image, Tracked, Tracked]] = []
        for earlier, known in reversed(self._latest):
            there = tracker.follow(earlier)
            if there.confidence == 0:
                break
            if known.confidence > 0 and overlap(np.array(there.box), np.array(known.box)) >= SAME:
                return [(earlier, self._as_it_was(there)) for earlier, _, there in found]
            found.append((earlier, known, there))
        # The two ways do not meet: each is as likely as the other where both are known.
        lost = takewhile(lambda each: each[1].confidence == 0, found)
        return [(earlier, self._as_it_was(there)) for earlier, _, there in lost]

    def _as_it_was(self, tracked: Tracked) -> "FollowedSubject":
        then = copy.copy(self)
        then.tracked, then._known_in = tracked, None
        return then

    def _correct(self, seen: Sight, image: Image) -> None:
        """Start the tracker anew in a region if it has been beside such regions for too long."""
        assert seen.point is not None
        region = _in_frame(seen.box, self._scale_from_source)
        if self.tracked.confidence > 0 and common(np.array(self.tracked.box), np.array(region)):
            self._apart = 0
            return
        self._apart_for = self._apart_for if self._apart else 0
        self._apart += 1
        if self._apart > PATIENCE_FRAMES:
            x, y = ((value + 0.5) * self._scale_from_source for value in seen.point)
            self.tracked, self._share = Tracked(region, 1.0), _share((x, y), region)
            self._known_in, self._colours = image, SubjectColours(image, region)
            self.strayed_frames, self._apart = self._apart_for, 0
            self._latest.clear()

    def is_at(
        self,
        target: FocusTarget,
        seen: Sight | None,
        image: Image,
        disparity: Disparity,
        varied: float = 0.0,
    ) -> bool:
        """Whether it is followed, and now where a target is, and as near as what is there.

        Args:
            target: of this frame.
            seen: where that target's subject is seen in it.
            image: the frame.
            disparity: of the frame, possibly coarser.
            varied: by how much its own disparity has varied of late, in the map's own unit: so much more may
                what is there differ from it. It varies where it is estimated, and where something hides it.
        """
        box = followed_box(target, seen)
        if self._tracker is None or self.tracked.confidence == 0 or box is None:
            return False
        other = _in_frame(box, self._scale_from_source)
        one, two = np.array(self.tracked.box), np.array(other)
        # What moves may be an arm, or beside the subject where something hides it.
        alike = common(one, two) / area(two) if seen is not None and seen.moves else overlap(one, two)
        if alike < SAME:
            return False
        there = subject_disparity(disparity, _scaled(other, *_cells(image, disparity)))
        known = disparity[np.isfinite(disparity)].astype(np.float64)
        low, high = np.quantile(known, (0.05, 0.95)) if known.size else (0.0, 0.0)
        # Where nothing is known, nothing speaks against it.
        return not abs(there - self.disparity(image, disparity)) > SAME_DEPTH * (high - low) + varied

    def point(self, image: Image) -> tuple[float, float]:
        """Its position in pixels from the left and upper border of the frame, clamped to the frame.

        Where the tracker found the box, the same place in it may be beside a subject that has turned: it
        is moved towards the subject (`subject_point`).
        """
        left, top, right, bottom = self.tracked.box
        point = left + self._share[0] * (right - left), top + self._share[1] * (bottom - top)
        if self._colours is not None and self._known_in is None and self.tracked.confidence > 0:
            point = subject_point(point, self.tracked.box, image, self._colours)
        (x, y), (height, width) = point, image.shape[:2]
        return min(max(x, 0.5), width - 0.5), min(max(y, 0.5), height - 0.5)

    def disparity(self, image: Image, disparity: Disparity) -> float:
        """Its disparity in the map's own unit; NaN where the subject is lost."""
        if self._tracker is not None and self.tracked.confidence == 0:
            return math.nan
        return subject_disparity(disparity, _scaled(self.tracked.box, *_cells(image, disparity)))

    def depth(self, image: Image, disparity: Disparity, level: float) -> tuple[float, float]:
        """Its least and greatest disparity in the map's own unit; `level` is its disparity."""
        return subject_depth(disparity, _scaled(self.tracked.box, *_cells(image, disparity)), level)


def _cells(image: Image, disparity: Disparity) -> tuple[float, float]:
    """Number of cells of the disparity map for each pixel of the image, horizontally and vertically."""
    return disparity.shape[1] / image.shape[1], disparity.shape[0] / image.shape[0]


def _share(point: tuple[float, float], box: Box) -> tuple[float, float]:
    """The relative position of a point in a box."""
    return (point[0] - box[0]) / (box[2] - box[0]), (point[1] - box[1]) / (box[3] - box[1])


def _in_frame(box: Box, scale_from_source: float) -> Box:
    """A box with its last pixels inside, as targets have, in pixels of the frame."""
    left, top, right, bottom = box
    return _scaled((left, top, right + 1, bottom + 1), scale_from_source, scale_from_source)


def _scaled(box: Box, across: float, down: float) -> Box:
    return box[0] * across, box[1] * down, box[2] * across, box[3] * down
