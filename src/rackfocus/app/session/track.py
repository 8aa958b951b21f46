"""A focus track as far as it is known: what is drawn while subjects still are being followed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float

from rackfocus.app.session.document import Key
from rackfocus.focus.puller import FocusPuller
from rackfocus.types import FocusTarget, FocusTrack


@dataclass(frozen=True)
class Span:
    """The frames in which one target counts.

    Attributes:
        key: of the target.
        start: the first of them.
        end: the frame after the last one.
        done: its subject is followed up to here.
    """

    key: Key
    start: int
    end: int
    done: int


@dataclass(frozen=True, eq=False)
class Track:
    """Immutable. Frames that are not known yet are NaN.

    Attributes:
        revision: of the document that it belongs to.
        points: what is focused on, `(x, y)` in pixels of the source video.
        boxes: left, top, right and bottom of it.
        confidence: of the tracker, 0 (lost) to 1.
        read: the disparity of the subject as it was read, in the same unit as focus; NaN where it is lost.
        known: whether the subject was followed to a frame, and its disparity read.
        focal_disparity: what is in focus, pulls included, in pixels of the source video.
        held: the same, and where it is not known yet, what the puller makes of its neighbours; NaN if nothing
            is known at all.
        spans: which target counts when.
        pulls: when focus moves; see `FocusTrack`.
    """

    revision: int
    points: Float[np.ndarray, "frame 2"]
    boxes: Float[np.ndarray, "frame 4"]
    confidence: Float[np.ndarray, " frame"]
    read: Float[np.ndarray, " frame"]
    known: Bool[np.ndarray, " frame"]
    focal_disparity: Float[np.ndarray, " frame"]
    held: Float[np.ndarray, " frame"]
    spans: tuple[Span, ...] = ()
    pulls: tuple[tuple[int, int], ...] = ()
    counting: frozenset[Key] = field(default_factory=frozenset)

    @property
    def complete(self) -> bool:
        """Whether all frames are known."""
        return bool(self.known.all())

    def focus(self, targets: Sequence[FocusTarget]) -> FocusTrack:
        """The same for those who render; to be used where it is complete."""
        return FocusTrack(tuple(targets), self.points, np.nan_to_num(self.held), self.confidence, self.pulls)


def empty_track(count: int, revision: int) -> Track:
    """A track that knows nothing yet."""
    none = np.full(count, np.nan)
    points, boxes = np.full((count, 2), np.nan), np.full((count, 4), np.nan)
    return Track(revision, points, boxes, none, none, np.zeros(count, bool), none, none)


def pulled(
    read: Float[np.ndarray, " frame"],
    starts: Sequence[int],
    cuts: Sequence[int],
    puller: FocusPuller,
) -> tuple[Float[np.ndarray, " frame"], tuple[tuple[int, int], ...]]:
    """Where focus lies, and when it moves.

    Args:
        read: see `Track`.
        starts: the frames from which targets count.
        cuts: the first frames of shots.
        puller: moves focus.
    """
    if not np.isfinite(read).any():
        return np.full(len(read), np.nan), ()
    return puller(read, starts, cuts), puller.intervals(starts, cuts)
