"""Makes a focus track from targets: follows their subjects, and pulls focus between them."""

import copy
import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, pairwise

import numpy as np
from jaxtyping import Num, UInt8

from rackfocus.focus.decisions import Decision, decisions
from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.subjects.followed_subject import BACK_FRAMES, FollowedSubject, Sight
from rackfocus.focus.trackers.tracker import Tracker
from rackfocus.types import FocusTarget, FocusTrack, InputError

LATELY_FRAMES = 12
"""About half a second: how a subject's disparity varies meanwhile tells how well it is known."""

Image = UInt8[np.ndarray, "height width 3"]
Disparity = Num[np.ndarray, "rows columns"]


class Following:
    """Makes a focus track from a stream of frames: it stores a few numbers for each, and the latest second of
    frames, since a subject that is found again is followed back to where it was lost.

    A target that is temporarily outranked is still followed, so that it can resume. An automatic target on
    the subject that is already followed from another one is left out. Before the first target, its point is
    in focus without tracking. Without any target, the middle of the first frame is followed.

    Args:
        targets: all targets of any source; `rackfocus.focus.decisions` selects the ones in force.
        tracker: follows a subject, not started; each target gets a copy.
        puller: moves focus between them.
        scale_from_source: width of the frames over that of the source video.
        seen: by target and frame, where subjects are seen in its frame and later ones. A box of what is
            followed, such as a face that was detected, is followed in the target's frame instead of the
            target's box. The tracker finds the subject in the frames without.

    Raises:
        InputError: scale_from_source is not positive.
    """

    def __init__(
        self,
        targets: Iterable[FocusTarget],
        *,
        tracker: Tracker,
        puller: FocusPuller,
        scale_from_source: float,
        seen: Mapping[FocusTarget, Mapping[int, Sight]] | None = None,
    ) -> None:
        if not (math.isfinite(scale_from_source) and scale_from_source > 0):
            raise InputError(f"scale_from_source must be a positive number, and is {scale_from_source}.")
        self._targets = tuple(sorted(targets, key=lambda target: target.t))
        self._tracker, self._puller, self._scale_from_source = tracker, puller, scale_from_source
        self._seen = dict(seen or {})
        self._plan = decisions(self._targets)
        self._subjects: list[FollowedSubject] = []
        self._points: list[tuple[float, float]] = []
        self._disparity: list[float] = []
        self._depth: list[tuple[float, float]] = []
        self._confidence: list[float] = []
        self._cuts: list[int] = []
        self._latest: deque[Disparity] = deque(maxlen=BACK_FRAMES)

    def push(self, image: Image, disparity: Disparity, is_cut: bool = False) -> None:
        """Process the next frame, starting with frame 0.

        Args:
            image: encoded RGB in 0..255.
            disparity: of the same frame, in pixels of the source video; it may be coarser than the image.
                NaN: unknown.
            is_cut: whether a new shot begins with the frame.
        """
        index = len(self._points)
        if not self._plan:
            height, width = (size / self._scale_from_source for size in image.shape[:2])
            self._plan = (Decision(FocusTarget(0, width / 2 - 0.5, height / 2 - 0.5, source="track"), 0),)
        if is_cut:
            self._cuts.append(index)
        for subject in self._subjects:
            subject.follow(image, is_cut, self._seen.get(subject.target, {}).get(index))
        if index and not is_cut:
            self._leave_out(index, image, disparity)
        self._subjects = [subject for subject in self._subjects if index < subject.end]
        for target, end in self._beginning(index):
            seen = self._seen.get(target, {}).get(target.t)
            self._subjects.append(
                FollowedSubject(target, end, self._scale_from_source, image, disparity, seen)
            )
            if target.t == index:
                self._subjects[-1].start(copy.deepcopy(self._tracker), image)
        counting = self._counting(index)
        subject = next(each for each in reversed(self._subjects) if each.target is counting)
        self._read(index, subject, image, disparity)
        if subject.strayed_frames:
            self._correct(index, subject)
        for back, (earlier, then) in enumerate(subject.retraced, 1):
            if self._counting(index - back) is counting:
                self._read(index - back, then, earlier, self._latest[-back])
        self._latest.append(disparity)

    def finish(self) -> FocusTrack:
        """The track of the frames so far."""
        count = len(self._points)
        starts = [decision.start for decision in self._plan if decision.start < count]
        focal = self._puller(np.array(self._disparity, np.float64), starts, self._cuts)
        return FocusTrack(
            targets=self._targets,
            points=np.array(self._points, np.float64).reshape(-1, 2),
            focal_disparity=focal,
            confidence=np.array(self._confidence, np.float64),
            pulls=self._puller.intervals(starts, self._cuts),
            warnings=tuple(self._warnings()),
            depth=np.array(self._depth, np.float64).reshape(-1, 2),
            cuts=tuple(self._cuts),
        )

    def _read(self, index: int, subject: FollowedSubject, image: Image, disparity: Disparity) -> None:
        """Set, in the next frame or anew in an earlier one, where the subject in force is, and how near."""
        at = slice(index, index + 1)
        x, y = (value / self._scale_from_source - 0.5 for value in subject.point(image))
        level = subject.disparity(image, disparity)
        self._points[at], self._confidence[at] = [(x, y)], [subject.tracked.confidence]
        self._disparity[at], self._depth[at] = [level], [subject.depth(image, disparity, level)]

    def _correct(self, index: int, subject: FollowedSubject) -> None:
        """Correct the frames before this one in which the tracker of the subject in force was elsewhere.

        It went straight from one place where it was seen to the next. Its disparity was not read there.
        """
        strayed = range(index - subject.strayed_frames, index)
        seen = self._seen.get(subject.target, {})
        known = {at: seen[at].point or self._points[at] for at in strayed if at in seen}
        known[index] = self._points[index]
        x, y = (np.interp(strayed, list(known), [each[axis] for each in known.values()]) for axis in (0, 1))
        begun = max((each.start for each in self._plan if each.start <= index), default=0)
        for frame, *point in zip(strayed, x.tolist(), y.tolist(), strict=True):
            if frame >= begun:
                self._points[frame], self._confidence[frame] = (point[0], point[1]), 0.0
                self._disparity[frame], self._depth[frame] = math.nan, (math.nan, math.nan)

    def _counting(self, index: int) -> FocusTarget:
        """The target in force in a frame; before the first one, the first one."""
        begun = [decision.target for decision in self._plan if decision.start <= index]
        return begun[-1] if begun else self._plan[0].target

    def _beginning(self, index: int) -> list[tuple[FocusTarget, float]]:
        """The targets to follow from a frame on, and for each the frame in which it ceases to be in force."""
        known = {id(decision.target): decision.target for decision in self._plan}
        return [
            (target, self._end(target))
            for target in known.values()
            if target.t == index or (index == 0 and target is self._plan[0].target)
        ]

    def _end(self, target: FocusTarget) -> float:
        """The frame in which a target ceases to be in force, for the last time."""
        ends = [*(float(decision.start) for decision in self._plan[1:]), math.inf]
        return [end for decision, end in zip(self._plan, ends, strict=True) if decision.target is target][-1]

    def _leave_out(self, index: int, image: Image, disparity: Disparity) -> None:
        """Leave out an automatic target of a frame that is on the subject in force, which stays in focus.

        To follow it anew would move the point on it, and lose what the tracker knows of it.
        """
        counting = self._counting(index - 1)
        followed = [each for each in self._subjects if each.target is counting and counting.source != "user"]
        own = self._disparity[max(counting.t, index - LATELY_FRAMES) : index]
        known = [value for value in own if math.isfinite(value)]
        varied = max(known) - min(known) if known else 0.0
        for target in [each for each in self._targets if each.t == index and each.source != "user"]:
            seen = self._seen.get(target, {})
            for subject in followed:
                if subject.is_at(target, seen.get(index), image, disparity, varied):
                    self._seen[counting] = {**self._seen.get(counting, {}), **seen}
                    self._targets = tuple(each for each in self._targets if each is not target)
                    self._plan = decisions(self._targets)
                    subject.end = self._end(counting)

    def _warnings(self) -> Iterable[str]:
        count = len(self._points)
        if not self._targets:
            yield "There is no focus target: focus follows what is in the middle of the first frame."
        late = [target.t for target in self._targets if target.t >= count]
        if late:
            yield f"The video has {count} frames: focus targets at frame {_listed(late)} come after its end."
        if not np.isfinite(self._disparity).any():
            yield "No disparity is known where focus should be: it stays on the plane of disparity 0."
        spans = pairwise([*(decision.start for decision in self._plan), count])
        for decision, (start, end) in zip(self._plan, spans, strict=True):
            frames = range(start, min(end, count))
            lost = [list(run) for gone, run in groupby(frames, lambda at: not self._confidence[at]) if gone]
            if lost:
                told = _listed(f"{run[0]} to {run[-1]}" if len(run) > 1 else run[0] for run in lost)
                yield (
                    f"The subject of the focus target at frame {decision.target.t} was lost in frames "
                    f"{told}; focus stayed where it was."
                )


def _listed(things: Iterable[object], most: int = 4) -> str:
    told: Sequence[str] = [str(thing) for thing in things]
    return ", ".join(told[:most]) + (f" and {len(told) - most} more" if len(told) > most else "")
