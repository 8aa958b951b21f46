"""What a user gives as focus and f-number: what it means for a video, and whether it fits."""

import dataclasses

from rackfocus.focus.focus_track import (
    FixedFocus,
    FocusSource,
    KeyframedFocus,
    Point,
    PointFocus,
    TrackedFocus,
)
from rackfocus.types import FocusAnnotation, FocusKeyframes, FocusTrack, InputError, Lens
from rackfocus.video import VideoInfo

Focus = Point | float | FocusAnnotation | FocusKeyframes | FocusTrack | None
"""A point `(x, y)` in pixels of the source video, a disparity in its pixels, an annotation whose targets are
followed, keyframes, or a track of `rackfocus.autofocus`; `None`: where the estimated disparity is 0."""


def focusing_of(focus: Point | float | FocusKeyframes | FocusTrack | None) -> FocusSource:
    """The source of each frame's focal disparity.

    Raises:
        InputError: the keyframes hold no disparity.
    """
    if isinstance(focus, FocusTrack):
        return TrackedFocus(focus)
    if isinstance(focus, FocusKeyframes):
        return KeyframedFocus(focus)
    if isinstance(focus, tuple):
        return PointFocus(focus)
    return FixedFocus(0.0 if focus is None else float(focus))


def check_focus(focus: Focus, info: VideoInfo) -> None:
    """Raise InputError if a focus does not fit a video: it lies outside the frame, or is for another size."""
    size = f"{info.width} x {info.height}"
    if isinstance(focus, FocusAnnotation):
        video = focus.video
        if (video.width, video.height) != (info.width, info.height):
            raise InputError(
                f"The annotation belongs to {video.name}, of {video.width} x {video.height} pixels, and the "
                f"video has {size}; give the one that was annotated."
            )
    if isinstance(focus, tuple):
        x, y = focus
        if not (-0.5 <= x < info.width - 0.5 and -0.5 <= y < info.height - 0.5):
            raise InputError(f"The focus point ({x:g}, {y:g}) lies outside the frame of {size} pixels.")


def aperture_of(
    focus: Focus, f_number: float | FocusKeyframes | None, lens: Lens
) -> tuple[Lens, FocusKeyframes | None]:
    """The lens, and the keyframes that override its f-number."""
    if isinstance(f_number, FocusKeyframes):
        return lens, f_number
    if f_number is None and isinstance(focus, FocusKeyframes):
        return lens, focus
    if f_number is None and isinstance(focus, FocusAnnotation):
        f_number = focus.aperture
    return lens if f_number is None else dataclasses.replace(lens, f_number=f_number), None
