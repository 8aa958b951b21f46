"""A focus track that may be incomplete, for display while subjects are still being followed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float

from rackfocus.app.session.document import Key
from rackfocus.focus.puller import FocusPuller
from rackfocus.types import FocusTarget, FocusTrack


@dataclass(frozen=True)
class Span:
    """The frames in which a target counts, from `start` to before `end`; from `done` on, its subject is not
    followed yet.
    """

    key: Key
    start: int
    end: int
    done: int


@dataclass(frozen=True, eq=False)
class Track:
    """An immutable focus track. Values of frames that are not known yet are NaN.

    Attributes:
        revision: of the document that it was computed from.
        points: focus point of each frame, `(x, y)` in pixels of the source video.
        boxes: left, top, right and bottom of the subject.
        confidence: of the tracker, 0 (lost) to 1.
        read: the measured disparity of the subject, in pixels of the source video; NaN where it is lost.
        depth: the least and the greatest disparity of the subject; see `FocusTrack`.
        known: whether the subject was followed to a frame, and its disparity read.
        focal_disparity: focal disparity with pulls, in pixels of the source video.
        held: the same; unknown frames get the puller's value from the known ones; NaN if no frame is known.
        spans: the frames in which each target is active.
        pulls: first and last frames of the focus pulls; see `FocusTrack`.
        cuts: the frames in which a new shot begins, as far as they are known.
    """

    revision: int
    points: Float[np.ndarray, "frame 2"]
    boxes: Float[np.ndarray, "frame 4"]
    confidence: Float[np.ndarray, " frame"]
    read: Float[np.ndarray, " frame"]
    depth: Float[np.ndarray, "frame 2"]
    known: Bool[np.ndarray, " frame"]
    focal_disparity: Float[np.ndarray, " frame"]
    held: Float[np.ndarray, " frame"]
    spans: tuple[Span, ...] = ()
    pulls: tuple[tuple[int, int], ...] = ()
    cuts: tuple[int, ...] = ()
    counting: frozenset[Key] = field(default_factory=frozenset)

    @property
    def complete(self) -> bool:
        """Whether all frames are known."""
        return bool(self.known.all())

    def focus(self, targets: Sequence[FocusTarget]) -> FocusTrack:
        """The track for rendering, of these targets; what is not known yet is 0."""
        return FocusTrack(
            tuple(targets),
            self.points,
            np.nan_to_num(self.held),
            self.confidence,
            self.pulls,
            depth=self.depth,
            cuts=self.cuts,
        )


def empty_track(count: int, revision: int) -> Track:
    """A track without any known frame."""
    none = np.full(count, np.nan)
    pairs, boxes = np.full((count, 2), np.nan), np.full((count, 4), np.nan)
    return Track(revision, pairs, boxes, none, none, pairs, np.zeros(count, bool), none, none)


def pulled(
    read: Float[np.ndarray, " frame"],
    starts: Sequence[int],
    cuts: Sequence[int],
    puller: FocusPuller,
) -> tuple[Float[np.ndarray, " frame"], tuple[tuple[int, int], ...]]:
    """The focal disparity of each frame, and the focus pulls, from what was `read` (see `Track`).

    `starts` are the frames from which targets are active, `cuts` the first frames of shots.
    """
    if not np.isfinite(read).any():
        return np.full(len(read), np.nan), ()
    return puller(read, starts, cuts), puller.intervals(starts, cuts)
