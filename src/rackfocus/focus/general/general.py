"""Look-ahead autofocus on whoever a focus puller would choose."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int

from rackfocus.focus.detectors.window import ClipWindow, Detector
from rackfocus.focus.general.camera_motion import camera_speed
from rackfocus.focus.general.candidate import Candidate
from rackfocus.focus.general.choice import steady_choice, stretches
from rackfocus.focus.general.figure import depths_of
from rackfocus.focus.general.observer import Observer
from rackfocus.focus.general.subjects import SameSubject, Sights, Subject, link
from rackfocus.focus.scene_specific import initial_focus_point
from rackfocus.focus.subjects.followed_subject import Sight
from rackfocus.focus.trackers.tracker import Box
from rackfocus.types import FocusTarget, InputError


@dataclass(frozen=True, eq=False)
class Observation:
    """What is known of a frame.

    Attributes:
        candidates: in pixels of the video.
        rest: `(x, y)` where the camera had its focus, in pixels of the video.
        spread: of the disparities of the frame, in pixels of the video.
        camera_speed: in diagonals of the frame a second.
        is_cut: whether a shot begins with it.
    """

    candidates: list[Candidate]
    rest: Float[np.ndarray, "2"]
    spread: float
    camera_speed: float
    is_cut: bool


@dataclass(frozen=True)
class General:
    """Focuses on who speaks, who acts, whose face is near and central, or what stands out.

    Every candidate has a weight (`Weights`); those of one subject are linked over time (`link`), and the
    subjects in focus are the sequence with the largest sum of weights over time, less the cost of its
    changes (`steady_choice`).

    Attributes:
        observe: finds and weighs candidates.
        source: the `source` of the targets.
        change_cost: of a change of subject, in weight times seconds.
        stay_s: how long a subject stays in focus at least.
        absence_s: after how long one who is not seen is another subject on coming back.
        bridged_s: how long one who is not seen keeps its weight, as a person does of whom only what moves or
            stands out is seen.
        forgetting: how much weight a person who is not seen loses a second afterwards, from that of the
            weightiest person who is seen on, if there is one and it is less; other things lose all.
        least_seen_s: how long a subject has to last, and be seen for half of that time in all.
        smoothing_s: standard deviation of the Gaussian that smooths weights over time.
        reach: largest distance of two regions of one subject, as a share of the longer side.
        same_depth: largest difference of their disparities, as a share of the frame's spread of disparity.
        whip_pan: camera speed of a whip pan, in diagonals of the frame a second: what is seen in it is no
            candidate, and what is seen after it is another subject.
        settling_s: for so long at most, and no longer than the pan took, what is seen after it is no
            candidate either: the camera slows down.

    Raises:
        InputError: a value is out of range.
    """

    observe: Observer = field(default_factory=Observer)
    source: str = "action"
    change_cost: float = 0.07
    stay_s: float = 1.0
    absence_s: float = 1.5
    bridged_s: float = 0.7
    forgetting: float = 1.0
    least_seen_s: float = 0.9
    smoothing_s: float = 0.2
    reach: float = 0.03
    same_depth: float = 0.2
    whip_pan: float = 1.0
    settling_s: float = 0.2

    def __post_init__(self) -> None:
        for name in ("stay_s", "absence_s", "bridged_s", "smoothing_s", "same_depth", "whip_pan"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} must be above 0, and is {getattr(self, name)}.")
        for name in ("change_cost", "least_seen_s", "reach", "settling_s"):
            if not getattr(self, name) >= 0:
                raise InputError(f"{name} must be 0 or more, and is {getattr(self, name)}.")

    @property
    def detectors(self) -> dict[str, Detector]:
        """Its detectors, by what they look for, as `SceneSpecific` has them."""
        observe = self.observe
        return {"people": observe.persons, "action": observe.action, "salience": observe.salience}

    def observations(
        self,
        window: ClipWindow,
        disparity: Sequence[Float[np.ndarray, "rows columns"]],
        scale_to_source: float,
    ) -> list[Observation]:
        """What is known of every frame of a window; see `Observer`."""
        depths = [depths_of(each, window.map_size) for each in disparity]
        candidates = self.observe(window, depths, scale_to_source)
        speed = camera_speed(window)
        size = np.array(window.frames.shape[2:0:-1], float)
        found = []
        for frame, near in enumerate(disparity):
            rest = initial_focus_point(near) * size * scale_to_source - 0.5
            found.append(
                Observation(
                    candidates[frame],
                    rest,
                    depths[frame].spread,
                    float(speed[frame]),
                    bool(window.is_cut[frame]),
                )
            )
        return found

    def targets(
        self, observed: Sequence[Observation], *, size: tuple[int, int], fps: float
    ) -> dict[FocusTarget, dict[int, Sight]]:
        """The new focus targets of a video, in time order; the first frame of each shot has one.

        Args:
            observed: what is known of every frame of the video.
            size: width and height of the video.
            fps: its average rate.

        Returns:
            For each target its subject's face, or the region of who is seen from behind or moves, in the
            frames until the next target: see `seen` of `rackfocus.focus.following.Following`.
        """
        found: dict[FocusTarget, dict[int, Sight]] = {}
        if not observed:
            return found
        for part in self._parts(observed, fps):
            found |= self._part(observed[part], part.start, size, fps)
        return found

    def _part(
        self, frames: Sequence[Observation], first: int, size: tuple[int, int], fps: float
    ) -> dict[FocusTarget, dict[int, Sight]]:
        """The targets of consecutive frames, of which the first one has index `first`."""
        same = self._same(frames, size, fps)
        subjects = self._subjects(frames, same, fps)
        chosen = self._chosen(frames, subjects, fps)
        found: dict[FocusTarget, dict[int, Sight]] = {}
        last: Candidate | None = None
        for stretch in stretches(chosen):
            number = int(chosen[stretch.start])
            if number == len(subjects):
                if stretch.start == 0:
                    x, y = map(float, frames[0].rest)
                    found[FocusTarget(first, x, y, source=self.source, why="nobody is seen yet")] = {}
                continue
            seen = subjects[number].seen
            # A subject may be chosen a little before it is seen again.
            at = min((frame for frame in seen if frame >= stretch.start), default=max(seen))
            start = max(at, stretch.start) if stretch.start else 0
            sights = {
                first + frame: _sight(candidate)
                for frame, candidate in seen.items()
                if start <= frame < stretch.stop and candidate.kind != "stands out"
            }
            if last is not None and same.likeness(last, seen[at]) > 0:
                # Somebody who was lost and found again at once: no news to who watches.
                found[next(reversed(found))] |= sights
            else:
                candidate = seen[at]
                x, y = map(float, candidate.point)
                box = _inner_corners(candidate.figure)
                found[FocusTarget(first + start, x, y, box, self.source, why=why(candidate))] = sights
            last = seen[max((frame for frame in seen if frame < stretch.stop), default=at)]
        return found

    def _parts(self, observed: Sequence[Observation], fps: float) -> list[slice]:
        """The shots, without whip pans in them."""
        starts = [0, *(at for at, each in enumerate(observed) if each.is_cut and at > 0)]
        parts = []
        for start, end in zip(starts, [*starts[1:], len(observed)], strict=True):
            fast = np.array([each.camera_speed >= self.whip_pan for each in observed[start:end]])
            for pan in _runs(fast):
                fast[pan.stop : pan.stop + min(pan.stop - pan.start, round(self.settling_s * fps))] = True
            runs = [slice(start + run.start, start + run.stop) for run in _runs(~fast)]
            whole = [each for each in runs if each.stop - each.start >= self.stay_s * fps / 2]
            # The first frame of a shot has a target, whatever it shows.
            if not whole or whole[0].start > start:
                first = whole[0].start if whole else end
                whole = [slice(start, first), *whole]
            parts += whole
        return parts

    def _same(self, frames: Sequence[Observation], size: tuple[int, int], fps: float) -> SameSubject:
        depth = self.same_depth * float(np.median([each.spread for each in frames]))
        return SameSubject(max(1, round(self.absence_s * fps)), self.reach * max(size), max(depth, 1e-6))

    def _subjects(self, frames: Sequence[Observation], same: SameSubject, fps: float) -> list[Subject]:
        found = link([each.candidates for each in frames], same)
        least = min(self.least_seen_s * fps, len(frames))
        return [each for each in found if len(each.seen) >= least / 2 and each.lasts >= least]

    def _chosen(
        self, frames: Sequence[Observation], subjects: Sequence[Subject], fps: float
    ) -> Int[np.ndarray, " frame"]:
        """The subject of each frame; the number of subjects stands for the resting point.

        Who is seen soon after the beginning is the first target, where nobody is seen before or it is soon.
        """
        stay, rest = round(self.stay_s * fps), self.observe.weights.rest
        gains = np.full((len(subjects) + 1, len(frames)), -np.inf)
        gains[-1] = rest
        whole = self._gains(subjects, len(frames), fps)
        for row, gain, subject in zip(gains, whole, subjects, strict=False):
            first = min(subject.seen)
            row[first:] = gain[first:]
        seen = gains.max(axis=0) > rest
        for row, gain, subject in zip(gains, whole, subjects, strict=False):
            first = min(subject.seen)
            if 2 * first < stay or (first < stay and not seen[:first].all()):
                row[:first] = gain[:first]
        # Who is not seen any more may weigh as much as rest, and is nobody to turn to.
        gains[-1] += 1e-6
        return steady_choice(gains / fps, change_cost=self.change_cost, stay_frames=stay)

    def _gains(
        self, subjects: Sequence[Subject], count: int, fps: float
    ) -> Float[np.ndarray, "subject frame"]:
        """The weight of each subject in each frame.

        Somebody of whom only what moves or stands out is seen for a while still is a person.
        """
        seen = self._held(subjects, [each.seen for each in subjects], count, fps)
        known = [each.as_person if each.is_person else each.seen for each in subjects]
        first = np.array([[min(each)] for each in known], int).reshape(-1, 1)
        as_known = np.where(np.arange(count) >= first, self._held(subjects, known, count, fps), -np.inf)
        return np.maximum(seen, as_known)

    def _held(
        self, subjects: Sequence[Subject], sights: Sequence[Sights], count: int, fps: float
    ) -> Float[np.ndarray, "subject frame"]:
        """The weight of each subject by some of what is seen of it, and for a while after that.

        A person who has not been seen for `bridged_s` weighs no more than the weightiest one who is seen.
        """
        frames, rest = np.arange(count), self.observe.weights.rest
        weights = np.array([self._weight(each, count, fps) for each in sights]).reshape(-1, count)
        away = np.array([_away(each, frames) for each in sights]).reshape(-1, count)
        unseen_s = away / fps - self.bridged_s
        is_person = np.array([[each.is_person] for each in subjects], bool).reshape(-1, 1)
        begun = frames >= np.array([[min(each)] for each in sights], int).reshape(-1, 1)
        seen = np.where(is_person & begun & (unseen_s <= 0), weights, -np.inf)
        most = seen.max(axis=0, initial=-np.inf)
        limit = np.where(np.isfinite(most), np.minimum(weights, most), weights)
        left = np.where(is_person, limit - self.forgetting * unseen_s, rest)
        return np.where(unseen_s <= 0, weights, np.minimum(weights, np.maximum(left, rest)))

    def _weight(self, sights: Sights, count: int, fps: float) -> Float[np.ndarray, " frame"]:
        """The weight of a subject in each frame, smoothed; that of when it is seen before and after."""
        seen = np.array(sorted(sights))
        values = np.array([self.observe.weights.whole(sights[frame]) for frame in seen])
        sigma = self.smoothing_s * fps
        held = np.interp(np.arange(count), seen, values)
        reach = max(1, round(3 * sigma))
        kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
        padded = np.pad(held, reach, mode="edge")
        return np.convolve(padded, kernel / kernel.sum(), mode="valid")


def _away(sights: Sights, frames: Int[np.ndarray, " frame"]) -> Int[np.ndarray, " frame"]:
    """How many frames each frame is from the nearest one in which a subject is seen."""
    seen = np.array(sorted(sights))
    after = seen[np.minimum(np.searchsorted(seen, frames), len(seen) - 1)]
    before = seen[np.maximum(np.searchsorted(seen, frames, side="right") - 1, 0)]
    return np.minimum(np.abs(frames - before), np.abs(after - frames))


def _runs(is_so: Bool[np.ndarray, " frame"]) -> list[slice]:
    """The stretches of frames in which something is so."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_so, [False]]).astype(int)))
    return [slice(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


SURE = 0.5
"""Above this chance it is given as a reason that somebody speaks or acts."""


def why(seen: Candidate) -> str:
    """Why a candidate is in focus, in words."""
    reasons = ["speaks"] * (seen.speaks > SURE) + ["acts"] * (seen.acts > SURE)
    kinds = {"face": "a face", "person": "a person", "acts": "", "stands out": "stands out"}
    return ", ".join(each for each in (kinds[seen.kind], *reasons) if each)


def _sight(seen: Candidate) -> Sight:
    """Where a candidate is seen: a face is followed itself, a body is somewhere in its region."""
    x, y = map(float, seen.point)
    return Sight(
        _inner_corners(seen.near), None if seen.kind == "face" else (x, y), moves=seen.kind == "acts"
    )


def _inner_corners(box: Float[np.ndarray, "4"]) -> Box:
    """Left, top, right and bottom, the latter two the last pixels inside."""
    left, top, right, bottom = map(float, box)
    return left, top, max(left, right - 1), max(top, bottom - 1)
