"""Where the focal plane lies in each frame: what a focus puller does with targets or keyframes.

A pull is linear in disparity, which is linear in the travel of a lens, and arrives at the frame of its target
(Sec. 5): the future is known.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rackfocus.focus.keyframes import disparity_at
from rackfocus.types import FocusKeyframes, FocusPulls, FocusTarget, InputError

Point = tuple[float, float]
"""`(x, y)` in pixels of the source video."""

Read = Callable[[int, Point], float]
"""The disparity at a point of a frame, robustly, in pixels of the source video."""


class Focusing(Protocol):
    """Says for every frame which disparity is in focus."""

    def needs(self, index: int) -> int:
        """The last frame whose disparity has to be known for the focus of frame `index`."""
        ...

    def focal_disparity(self, index: int, time_s: float, read: Read) -> float:
        """The disparity in focus in a frame, in pixels of the source video.

        Args:
            index: of the frame.
            time_s: from the first frame.
            read: of any frame from `index` to `needs(index)`.
        """
        ...


@dataclass(frozen=True)
class FixedFocus:
    """One disparity for the whole video; 0 is the network's own plane."""

    disparity: float = 0.0

    def needs(self, index: int) -> int:
        return index

    def focal_disparity(self, index: int, time_s: float, read: Read) -> float:  # noqa: ARG002
        return self.disparity


@dataclass(frozen=True)
class KeyframedFocus:
    """A disparity by hand.

    Raises:
        InputError: the keyframes give none.
    """

    track: FocusKeyframes

    def __post_init__(self) -> None:
        if all(keyframe.disparity is None for keyframe in self.track.keyframes):
            raise InputError("The keyframes give no disparity; add one, or say what else to focus on.")

    def needs(self, index: int) -> int:
        return index

    def focal_disparity(self, index: int, time_s: float, read: Read) -> float:  # noqa: ARG002
        disparity = disparity_at(self.track, index, time_s)
        assert disparity is not None
        return disparity


@dataclass(frozen=True)
class TargetFocus:
    """Focus on what is at the point of the last target, and pull to the next one before its frame.

    A point stays where it is until the next target, and its disparity is read anew in every frame. Before
    the first target its own point counts. A pull begins `pulls.duration_frames` before its target, or at
    the target before it where that is later; it runs from the old point's disparity in the frame at hand to
    the new one's in the frame of its target.

    Attributes:
        targets: in the order of time, one to a frame.
        pulls: how long a pull takes.

    Raises:
        InputError: there is no target.
    """

    targets: tuple[FocusTarget, ...]
    pulls: FocusPulls = field(default_factory=FocusPulls)

    def __post_init__(self) -> None:
        if not self.targets:
            raise InputError("There is no focus target; add one, or give a point or a disparity.")

    def needs(self, index: int) -> int:
        held, following = self._about(index)
        pulling = following is not None and index > self._begin(held, following)
        return following.t if pulling and following is not None else index

    def focal_disparity(self, index: int, time_s: float, read: Read) -> float:  # noqa: ARG002
        held, following = self._about(index)
        disparity = read(index, (held.x, held.y))
        if following is None or index <= (begin := self._begin(held, following)):
            return disparity
        share = (index - begin) / (following.t - begin)
        return disparity + share * (read(following.t, (following.x, following.y)) - disparity)

    def _begin(self, held: FocusTarget, following: FocusTarget) -> int:
        return max(following.t - self.pulls.duration_frames, held.t)

    def _about(self, index: int) -> tuple[FocusTarget, FocusTarget | None]:
        """The target that counts in a frame, and the next one."""
        past = sum(target.t <= index for target in self.targets)
        at = max(past - 1, 0)
        return self.targets[at], _item(self.targets, at + 1)


def _item(targets: Sequence[FocusTarget], at: int) -> FocusTarget | None:
    return targets[at] if at < len(targets) else None
