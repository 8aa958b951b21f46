"""The focal disparity of each frame: constant, of a point, by keyframes, or by autofocus."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from rackfocus.focus.annotation.keyframes import disparity_at
from rackfocus.types import FocusKeyframes, FocusTrack, InputError

Point = tuple[float, float]
"""`(x, y)` in pixels of the source video."""

Read = Callable[[Point], float]
"""Reads the disparity at a point of the current frame, robustly, in pixels of the source video."""


class FocusSource(Protocol):
    """Determines the focal disparity of every frame."""

    def focal_disparity(self, index: int, time_s: float, read: Read) -> float:
        """The disparity in focus in a frame, in pixels of the source video.

        Args:
            index: of the frame.
            time_s: from the first frame.
            read: reads a disparity of this frame.
        """
        ...


@dataclass(frozen=True)
class FixedFocus:
    """One disparity for the whole video; 0 is the network's own focal plane."""

    disparity: float = 0.0

    def focal_disparity(self, index: int, time_s: float, read: Read) -> float:  # noqa: ARG002
        return self.disparity


@dataclass(frozen=True)
class KeyframedFocus:
    """Manually set disparities.

    Raises:
        InputError: the keyframes have no disparity.
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
    """The disparity at a fixed point, read in every frame."""

    point: Point

    def focal_disparity(self, index: int, time_s: float, read: Read) -> float:  # noqa: ARG002
        return read(self.point)


@dataclass(frozen=True, eq=False)
class TrackedFocus:
    """The track of look-ahead autofocus; beyond its end, its last value.

    Raises:
        InputError: the track has no frame.
    """

    track: FocusTrack

    def __post_init__(self) -> None:
        if len(self.track.focal_disparity) == 0:
            raise InputError("The focus track has no frame; make it of a video that has one.")

    def focal_disparity(self, index: int, time_s: float, read: Read) -> float:  # noqa: ARG002
        return float(self.track.focal_disparity[min(index, len(self.track.focal_disparity) - 1)])
