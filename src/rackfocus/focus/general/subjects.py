"""Candidates of successive frames that are the same subject."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rackfocus.focus.boxes import gap, inside, overlap
from rackfocus.focus.detectors.face_tracks import face_likeness
from rackfocus.focus.general.candidate import Candidate

Sights = dict[int, Candidate]
"""What is seen of a subject, by frame."""


@dataclass
class Subject:
    """A person or thing through a shot.

    Attributes:
        seen: what was seen of it.
        last: the frame in which it was seen last.
    """

    seen: Sights = field(default_factory=dict)
    last: int = -1

    @property
    def is_person(self) -> bool:
        """Whether it mostly is a person or a face, and not only something that moves or stands out."""
        return 2 * len(self.as_person) > len(self.seen)

    @property
    def as_person(self) -> Sights:
        """What was seen of it as a person or a face."""
        return {frame: each for frame, each in self.seen.items() if each.kind in ("face", "person")}

    @property
    def lasts(self) -> int:
        """The number of frames from the first to the last in which it is seen."""
        return self.last - min(self.seen) + 1

    @property
    def latest(self) -> Candidate:
        """What was seen of it last."""
        return self.seen[self.last]


@dataclass(frozen=True)
class SameSubject:
    """What is taken for the same subject.

    Attributes:
        absence: number of frames after which a subject that comes back is another one.
        reach: largest distance of two regions of one subject, in pixels of the video.
        depth: largest difference of their disparities, in pixels of the video.
        least: intersection over union of two figures of one subject.
    """

    absence: int
    reach: float
    depth: float
    least: float = 0.2

    def likeness(self, before: Candidate, after: Candidate) -> float:
        """How sure it is that two candidates of different frames are one subject; 0: they are not."""
        if before.kind == after.kind == "face":
            return max(0.0, 2 * face_likeness(before.near, after.near))
        if abs(before.disparity - after.disparity) > self.depth:
            return 0.0
        shared = overlap(before.figure, after.figure)
        if shared >= self.least:
            return shared
        if after.kind == "face" and inside(after.point, before.figure):
            return self.least
        parts = {before.kind, after.kind} <= {"acts", "stands out"}
        return 0.5 * self.least if parts and gap(before.near, after.near) <= self.reach else 0.0


def link(frames: Sequence[Sequence[Candidate]], same: SameSubject) -> list[Subject]:
    """The subjects of a shot, in the order in which they are first seen.

    Args:
        frames: the candidates of each frame.
        same: what is the same subject.
    """
    subjects: list[Subject] = []
    for frame, candidates in enumerate(frames):
        pairs = sorted(
            (
                (same.likeness(subject.latest, candidate), subject.last, number, place)
                for number, subject in enumerate(subjects)
                if frame - subject.last <= same.absence
                for place, candidate in enumerate(candidates)
            ),
            reverse=True,
        )
        taken: dict[int, int] = {}
        for likeness, _, number, place in pairs:
            if likeness > 0 and number not in taken.values() and place not in taken:
                taken[place] = number
        for place, candidate in enumerate(candidates):
            if place not in taken:
                subjects.append(Subject())
                taken[place] = len(subjects) - 1
            subject = subjects[taken[place]]
            subject.seen[frame], subject.last = candidate, frame
    return subjects
