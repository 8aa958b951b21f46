"""Follows the subjects of a document's targets in the background; unchanged ones are not followed again."""

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from rackfocus.app.session.document import Version, key_of
from rackfocus.app.session.track import Span, Track, empty_track, pulled
from rackfocus.app.work.disparity import DisparityWorker
from rackfocus.app.work.frames import CUT, TRACKING, Frames, Image
from rackfocus.app.work.notices import error_text
from rackfocus.app.work.priority import AWAITED, PriorityGate
from rackfocus.app.work.worker import Worker
from rackfocus.focus.decisions import decisions
from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.subjects.followed_subject import FollowedSubject
from rackfocus.focus.subjects.subject_depth import subject_depth
from rackfocus.focus.subjects.subject_disparity import subject_disparity
from rackfocus.focus.trackers.tracker import Tracker
from rackfocus.types import FocusTarget

LONGER_SIDE_PX = 640
"""The longer side of the trackers' input, as in `rackfocus.autofocus`."""
PUBLISHED_EVERY_S = 0.25


@dataclass
class _Path:
    """The path of one target's subject, from the target's frame on.

    Attributes:
        target: the target.
        first: the frame of the first row.
        boxes: in pixels of the source video, one row per frame; right and bottom are exclusive.
        points: in pixels of the source video, one row per frame.
        confidence: of the tracker.
        read: disparity of the subject; NaN where it is lost, and where `has_read` is false.
        depth: its least and greatest disparity.
        has_read: whether its disparity was read.
        moves: whether the subject is followed; otherwise its box does not move.
        done: the first frame that is not followed yet.
        subject: the state of the tracker, to continue from `done`.
    """

    target: FocusTarget
    first: int
    boxes: np.ndarray
    points: np.ndarray
    confidence: np.ndarray
    read: np.ndarray
    depth: np.ndarray
    has_read: np.ndarray
    moves: bool
    done: int
    subject: FollowedSubject


@dataclass(frozen=True)
class _Stretch:
    """The frames in which a target is active, and the key of its subject's path."""

    path: tuple[FocusTarget, str, bool]
    start: int
    end: int


class Tracking(Worker):
    """Keeps the track of a document up to date in one thread.

    The path of each target's subject is kept as long as the target exists, so that changes of other targets
    need no new tracking. The result is that of `rackfocus.focus.following.Following`; only the order of the
    computation differs.

    `trackers` makes a tracker by its name; the gate is waited for before each frame. `published` is called
    when there is a new track, `failed` with an error message for the user.
    """

    def __init__(
        self,
        frames: Frames,
        disparities: DisparityWorker,
        *,
        trackers: Callable[[str], Tracker],
        gate: PriorityGate,
        published: Callable[[], None],
        failed: Callable[[str], None],
    ) -> None:
        super().__init__("tracking", AWAITED)
        self._frames, self._disparities = frames, disparities
        self._trackers, self._gate = trackers, gate
        self._published, self._failed = published, failed
        self._count = frames.video.count
        reduction = min(1.0, LONGER_SIDE_PX / max(frames.video.size))
        self._size = tuple(max(1, round(side * reduction)) for side in frames.video.size)
        self._scale_from_source = self._size[0] / frames.video.info.width
        self._wanted: tuple[int, Version] | None = None
        self._at = 0
        self._paths: dict[tuple[FocusTarget, str, bool], _Path] = {}
        self._broken: set[tuple[FocusTarget, str, bool]] = set()
        self.track = empty_track(self._count, 0)

    def follow(self, revision: int, version: Version) -> None:
        """Set the version of the document whose track is computed."""
        with self._changed:
            self._wanted = (revision, version)
            self._broken.clear()
            self._changed.notify_all()

    def look(self, index: int) -> None:
        """Set the frame that the user looks at; the target that is active there is followed first."""
        self._at = index

    @property
    def stuck(self) -> bool:
        """Whether a part of the video cannot be read, so that the track will never be complete."""
        return bool(self._broken) or self._disparities.failed

    def wait(self, seconds: float) -> None:
        """Wait until there may be a change, at most this many seconds."""
        with self._changed:
            self._changed.wait(seconds)

    @property
    def progress(self) -> tuple[int, int]:
        """The number of frames followed and the total, without those that cannot be followed."""
        broken = {key_of(target) for target, *_ in tuple(self._broken)}
        spans = [span for span in self.track.spans if span.key not in broken]
        return sum(span.done - span.start for span in spans), sum(span.end - span.start for span in spans)

    def _work(self) -> None:
        published_s, stale = 0.0, False
        current: tuple[int, Version] | None = None
        plan: list[_Stretch] = []
        while not self._closed:
            wanted = self._wanted
            if wanted is not None and wanted is not current:
                current, stale, published_s = wanted, True, 0.0
                plan = self._plan(current[1])
                self._disparities.need([stretch.path[0].t for stretch in plan])
            moved = current is not None and self._step(plan)
            stale = stale or moved
            if (
                current is not None
                and stale
                and (not moved or time.monotonic() - published_s > PUBLISHED_EVERY_S)
            ):
                self._read_all(plan)
                self.track = self._assembled(*current, plan)
                published_s, stale = time.monotonic(), False
                self._published()
            if not moved:
                with self._changed:
                    if self._wanted is current and not self._closed:
                        self._changed.wait(PUBLISHED_EVERY_S)

    def _plan(self, version: Version) -> list[_Stretch]:
        """The frames in which each target is active; removes the paths of deleted targets."""
        made = decisions(version.annotation.targets)
        tracker = version.look.tracker
        starts = [*(decision.start for decision in made), self._count]
        plan = [
            _Stretch((decision.target, tracker, True), start, end)
            for decision, (start, end) in zip(made, pairwise(starts), strict=True)
        ]
        if plan and plan[0].start > 0:
            # Before the first target, focus is on that target's point, which does not move.
            plan.insert(0, _Stretch((plan[0].path[0], tracker, False), 0, plan[0].start))
        there = set(version.annotation.targets)
        self._paths = {key: path for key, path in self._paths.items() if key[0] in there}
        return plan

    def _step(self, plan: list[_Stretch]) -> bool:
        """Follow a subject to its next frame, or read missing disparities; whether there was work to do."""
        here_first = sorted(plan, key=lambda each: not each.start <= self._at < each.end)
        for stretch in here_first:
            if stretch.path in self._broken:
                continue
            path = self._paths.get(stretch.path)
            if path is None or path.done < stretch.end:
                self._gate.wait_for_urgent()
                try:
                    self._advance(stretch, path)
                except Exception as error:
                    self._broken.add(stretch.path)
                    self._failed(
                        f"The target at frame {stretch.path[0].t} is not followed: {error_text(error)}"
                    )
                return True
        return self._read_all(plan)

    def _advance(self, stretch: _Stretch, path: _Path | None) -> None:
        target, tracker, moves = stretch.path
        if path is None:
            path = self._begun(target, tracker, moves)
            self._paths[stretch.path] = path
        elif not moves:
            # The box does not move.
            rest = slice(path.done - path.first, stretch.end - path.first)
            for rows in (path.boxes, path.points, path.confidence):
                rows[rest] = rows[0]
            path.done = stretch.end
        else:
            index, image = path.done, self._picture(path.done)
            path.subject.follow(image, self._frames.is_cut(index, TRACKING))
            self._write(path, index, image, path.subject)
            for back, (earlier, then) in enumerate(path.subject.retraced, 1):
                self._write(path, index - back, earlier, then)
            path.done = index + 1

    def _begun(self, target: FocusTarget, tracker: str, moves: bool) -> _Path:
        first = target.t if moves else 0
        length = self._count - first
        image = self._picture(first)
        subject = FollowedSubject(
            target, math.inf, self._scale_from_source, image, self._disparities.small(first)
        )
        if moves:
            subject.start(self._trackers(tracker), image)
        path = _Path(
            target,
            first,
            boxes=np.full((length, 4), np.nan),
            points=np.full((length, 2), np.nan),
            confidence=np.full(length, np.nan),
            read=np.full(length, np.nan),
            depth=np.full((length, 2), np.nan),
            has_read=np.zeros(length, bool),
            moves=moves,
            done=first + 1,
            subject=subject,
        )
        self._write(path, first, image, subject)
        return path

    def _write(self, path: _Path, index: int, image: Image, subject: FollowedSubject) -> None:
        row = index - path.first
        path.boxes[row] = np.array(subject.tracked.box) / self._scale_from_source
        path.points[row] = np.array(subject.point(image)) / self._scale_from_source - 0.5
        path.confidence[row] = subject.tracked.confidence
        path.has_read[row] = False
        self._read_row(path, index)

    def _read_all(self, plan: list[_Stretch]) -> bool:
        """Read disparities that have become known; returns whether there were any."""
        any_read = False
        for stretch in plan:
            path = self._paths.get(stretch.path)
            if path is None:
                continue
            frames = np.arange(stretch.start, min(stretch.end, path.done))
            missing = frames[~path.has_read[frames - path.first] & self._disparities.store.known[frames]]
            for index in missing:
                self._read_row(path, int(index))
            any_read = any_read or len(missing) > 0
        return any_read

    def _read_row(self, path: _Path, index: int) -> None:
        row, disparity = index - path.first, self._disparities.store.small(index)
        if disparity is None:
            return
        if not (path.moves and path.confidence[row] == 0):
            info = self._frames.video.info
            across, down = disparity.shape[1] / info.width, disparity.shape[0] / info.height
            left, top, right, bottom = path.boxes[row]
            box = left * across, top * down, right * across, bottom * down
            path.read[row] = subject_disparity(disparity, box)
            path.depth[row] = subject_depth(disparity, box, float(path.read[row]))
        path.has_read[row] = True

    def _assembled(self, revision: int, version: Version, plan: list[_Stretch]) -> Track:
        """The track, as far as it is known."""
        empty = empty_track(self._count, revision)
        points, boxes = empty.points.copy(), empty.boxes.copy()
        confidence, read, known = empty.confidence.copy(), empty.read.copy(), empty.known.copy()
        depth = empty.depth.copy()
        spans: list[Span] = []
        for stretch in plan:
            path = self._paths.get(stretch.path)
            done = stretch.start if path is None else min(max(path.done, stretch.start), stretch.end)
            spans.append(Span(key_of(stretch.path[0]), stretch.start, stretch.end, done))
            if path is None:
                continue
            to, rows = slice(stretch.start, done), slice(stretch.start - path.first, done - path.first)
            points[to], boxes[to] = path.points[rows], path.boxes[rows] - (0, 0, 1, 1)
            confidence[to], read[to], known[to] = path.confidence[rows], path.read[rows], path.has_read[rows]
            depth[to] = path.depth[rows]
        puller = FocusPuller(**dataclasses.asdict(version.annotation.pulls))
        cuts = np.flatnonzero(self._frames.cuts == CUT).tolist()
        starts = [decision.start for decision in decisions(version.annotation.targets)]
        held, pulls = pulled(read, starts, cuts, puller)
        focal = np.where(known, held, np.nan)
        counting = frozenset(span.key for span in spans)
        return Track(
            revision,
            points,
            boxes,
            confidence,
            read,
            depth,
            known,
            focal,
            held,
            tuple(spans),
            pulls,
            tuple(cuts),
            counting,
        )

    def _picture(self, index: int) -> Image:
        """A frame as the trackers' input."""
        image = self._frames.image(index, TRACKING)
        if image.shape[1::-1] == self._size:
            return image
        return cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)
