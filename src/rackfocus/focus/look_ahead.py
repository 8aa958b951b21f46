"""Look-ahead autofocus during recording (Sec. 5): only a buffer of future frames is known.

A frame is focused when the buffer after it is full. Decisions are final: a target that is detected too late
for a pull to arrive in time is pulled to at once, and the pull arrives late.
"""

import copy
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from rackfocus.focus.puller import FocusPuller, Pull, smoothed
from rackfocus.focus.scene_specific import RegionCurve
from rackfocus.focus.subjects.followed_subject import FollowedSubject
from rackfocus.focus.trackers.tracker import Tracker
from rackfocus.types import FocusTarget, FocusTrack

Image = UInt8[np.ndarray, "height width 3"]
Disparity = Float[np.ndarray, "rows columns"]


@dataclass(frozen=True, eq=False)
class Known:
    """The analysis results available when the buffer has reached some frame.

    Attributes:
        first: index of the first frame of the curve.
        curve: of the focus regions, up to the newest analysed frame.
        targets: the targets found so far; some may be dropped later.
    """

    first: int
    curve: RegionCurve
    targets: tuple[FocusTarget, ...]


@dataclass
class _Pull:
    """A pull from frame `begin` to frame `arrival`.

    Attributes:
        start: the frame from which the new subject can be followed.
        level: the disparity in focus when it began.
        goal: disparity of the subject at `start`; NaN if it is not known before.
    """

    target: FocusTarget
    begin: int
    arrival: int
    start: int
    level: float
    goal: float


class LookAhead:
    """Focuses frame by frame, with the information available at that moment.

    Args:
        tracker: follows a subject; each gets a copy.
        puller: how focus moves.
        scale_from_source: width of the frames over that of the source video.
        stay_frames: minimum distance of two targets, since the frame of a target may be corrected later.
    """

    def __init__(
        self, *, tracker: Tracker, puller: FocusPuller, scale_from_source: float, stay_frames: int
    ) -> None:
        self._tracker, self._puller, self._scale_from_source = tracker, puller, scale_from_source
        self._stay_frames = stay_frames
        self._subject: FollowedSubject | None = None
        self._pull: _Pull | None = None
        self._decided = -1
        self._recent: deque[float] = deque(maxlen=puller.smoothing_frames + 1)
        self._targets: list[FocusTarget] = []
        self._pulls: list[Pull] = []
        self._points: list[tuple[float, float]] = []
        self._focal: list[float] = []
        self._confidence: list[float] = []

    def show(
        self, image: Image, disparity: Disparity, *, is_cut: bool, cuts_ahead: Sequence[int], known: Known
    ) -> float:
        """Focus the next frame, starting with frame 0.

        Args:
            image: encoded RGB in 0..255.
            disparity: of the same frame, in pixels of the source video.
            is_cut: whether a new shot begins with it.
            cuts_ahead: the later frames in the buffer at which a shot begins.
            known: the results available now.

        Returns:
            The disparity in focus, in pixels of the source video.
        """
        index = len(self._focal)
        if self._subject is not None:
            self._subject.follow(image, is_cut)
        self._decide(index, cuts_ahead, known)
        pull = self._pull
        if pull is not None and index == pull.start:
            self._follow(pull, known, index, image, disparity)
        subject = self._subject
        assert subject is not None
        value = subject.disparity(image, disparity)
        self._recent.append(value)
        self._focal.append(self._focus(index))
        x, y = (each / self._scale_from_source - 0.5 for each in subject.point(image))
        self._points.append((x, y))
        self._confidence.append(subject.tracked.confidence)
        if pull is not None and index >= max(pull.arrival, pull.start):
            left, top, right, bottom = (each / self._scale_from_source for each in subject.tracked.box)
            box = left, top, max(left, right - 1), max(top, bottom - 1)
            self._targets.append(FocusTarget(index, x, y, box, pull.target.source, why=pull.target.why))
            self._pull = None
        return self._focal[-1]

    def finish(self) -> FocusTrack:
        """The track of the frames so far; its targets are at the frames at which focus arrived."""
        return FocusTrack(
            targets=tuple(self._targets),
            points=np.array(self._points, np.float64).reshape(-1, 2),
            focal_disparity=np.array(self._focal, np.float64),
            confidence=np.array(self._confidence, np.float64),
            pulls=tuple(self._pulls),
        )

    def _decide(self, index: int, cuts_ahead: Sequence[int], known: Known) -> None:
        """Begin a pull if it is due or overdue."""
        if self._subject is None:
            x, y = known.curve.rest[0]
            first = next((each for each in known.targets if each.t == 0), None)
            target = first or FocusTarget(0, float(x), float(y))
            self._pull, self._decided = _Pull(target, 0, 0, 0, np.nan, np.nan), 0
            return
        chosen: _Pull | None = None
        for target in known.targets:
            jumps = self._is_cut(known, target.t)
            apart = 1 if jumps else self._stay_frames
            if target.t < self._decided + apart or any(cut <= target.t for cut in cuts_ahead):
                continue  # already decided; or it has to wait for the cut before it
            if jumps and target.t == index:
                chosen = _Pull(target, index, index, index, np.nan, np.nan)
            elif (arrival := self._arrival(target.t, index)) is not None:
                start = max(target.t, index)
                chosen = _Pull(target, index, arrival, start, self._focal[-1], self._goal(known, start))
        if chosen is not None:
            self._pull, self._decided = chosen, chosen.target.t
            if chosen.begin < chosen.arrival:
                self._pulls.append((chosen.begin, chosen.arrival))

    def _arrival(self, frame: int, index: int) -> int | None:
        """When a pull that begins now arrives at a target. `None`: it is too early for it."""
        duration = self._puller.duration_frames
        if frame <= index:
            return index + duration
        arrival = max(frame - self._puller.early_frames, index)
        if arrival - duration > index:
            return None
        return max(arrival, index + (duration + 1) // 2)

    def _follow(self, pull: _Pull, known: Known, index: int, image: Image, disparity: Disparity) -> None:
        """Begin to follow the subject of a pull at its current position."""
        self._subject = FollowedSubject(
            self._seen(pull.target, known, index), float("inf"), self._scale_from_source, image, disparity
        )
        self._subject.start(copy.deepcopy(self._tracker), image)
        self._recent.clear()

    def _seen(self, target: FocusTarget, known: Known, index: int) -> FocusTarget:
        """A target that was detected late, moved to the current position of its region."""
        curve, at = known.curve, index - known.first
        if target.t >= index or not 0 <= at < len(curve.points) or not np.isfinite(curve.boxes[at]).all():
            return target
        left, top, right, bottom = map(float, curve.boxes[at])
        box = left, top, max(left, right - 1), max(top, bottom - 1)
        x, y = map(float, curve.points[at])
        return FocusTarget(target.t, x, y, box, target.source, why=target.why)

    def _focus(self, index: int) -> float:
        pull = self._pull
        if pull is None or index >= max(pull.arrival, pull.start):
            return self._steady()
        goal = self._steady() if index >= pull.start else pull.goal
        if not np.isfinite(goal):
            return pull.level
        if index >= pull.arrival:
            return goal
        share = self._puller.shape((index - pull.begin) / (pull.arrival - pull.begin))
        return pull.level + share * (goal - pull.level)

    def _steady(self) -> float:
        """The subject's disparity, smoothed, from the values read so far."""
        known = np.array([each for each in self._recent if np.isfinite(each)])
        if not len(known):
            return self._focal[-1] if self._focal else 0.0
        times = np.flatnonzero(np.isfinite(np.array(self._recent))).astype(np.float64)
        return float(smoothed(known, times, self._puller.smoothing_frames)[-1])

    @staticmethod
    def _goal(known: Known, frame: int) -> float:
        at = frame - known.first
        return float(known.curve.disparity[at]) if 0 <= at < len(known.curve.disparity) else float("nan")

    @staticmethod
    def _is_cut(known: Known, frame: int) -> bool:
        at = frame - known.first
        return 0 <= at < len(known.curve.is_cut) and bool(known.curve.is_cut[at])
