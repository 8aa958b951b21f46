"""Ranges of frames of a video."""

from rackfocus.types import InputError


def check_range(first: int, last: int | None) -> None:
    """Raise InputError if the range from `first` to `last` (excluded; `None`: the end) holds no frame."""
    if first < 0 or (last is not None and last <= first):
        raise InputError(f"The frames from {first} to {last} are no range.")


def frame_count(frames: int | None, first: int, last: int | None) -> int | None:
    """The number of frames in a range; `None` if it is unknown before they are read.

    Args:
        frames: the number of frames of the video; `None` if its container does not state it.
        first: the first frame.
        last: the frame after the last one; `None`: the end.
    """
    if frames is None:
        return None if last is None else last - first
    return max(0, (frames if last is None else min(frames, last)) - first)
