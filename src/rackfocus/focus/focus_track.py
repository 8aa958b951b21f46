"""Where the focal plane lies in each frame: a disparity, a point, keyframes, or what autofocus decided."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from rackfocus.focus.annotation.keyframes import disparity_at
from rackfocus.types import FocusKeyframes, FocusTrack, InputError

Point = tuple[float, float]
"""`(x, y)` in pixels of the source video."""

Read = Callable[[Point], float]
"""The disparity at a point of the frame at hand, robustly, in pixels of the source video."""


class Focusing(Protocol):
    """Says for every frame which disparity is in focus."""

    def focal_disparity(self, index: int, time_s: float, read: Read) -> float:
        """The disparity in focus in a frame, in pixels of the source video.

        Args:
            index: of the frame.
            time_s: from the first frame.
            read: of this frame.
        """
        ...


@dataclass(frozen=True)
class FixedFocus:
    """One disparity for the whole video; 0 is the network's own plane."""

    disparity: float = 0.0

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

    def focal_disparity(self, index: int, time_s: float, read: Read) -> float:  # noqa: ARG002
        disparity = disparity_at(self.track, index, time_s)
        assert disparity is not None
        return disparity


@dataclass(frozen=True)
class PointFocus:
    """What is at a point, which stays where it is; its disparity is read anew in every frame."""

    point: Point

    def focal_disparity(self, index: int, time_s: float, read: Read) -> float:  # noqa: ARG002
        return read(self.point)


@dataclass(frozen=True, eq=False)
class TrackedFocus:
    """What look-ahead autofocus decided; past its end, as in its last frame.

    Raises:
        InputError: the track has no frame.
    """

    track: FocusTrack

    def __post_init__(self) -> None:
        if len(self.track.focal_disparity) == 0:
            raise InputError("The focus track has no frame; make it of a video that has one.")

    def focal_disparity(self, index: int, time_s: float, read: Read) -> float:  # noqa: ARG002
        return float(self.track.focal_disparity[min(index, len(self.track.focal_disparity) - 1)])
