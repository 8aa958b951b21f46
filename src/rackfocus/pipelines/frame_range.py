"""Which frames of a video are worked on."""

from rackfocus.types import InputError


def check_range(first: int, last: int | None) -> None:
    """Raise InputError where no frame lies from `first` to, not including, `last`; None means the end."""
    if first < 0 or (last is not None and last <= first):
        raise InputError(f"The frames from {first} to {last} are no range.")


def frame_count(frames: int | None, first: int, last: int | None) -> int | None:
    """How many frames a range has; None where that is not known before they are read.

    Args:
        frames: how many the video has; None where its container does not say.
        first: the first frame.
        last: the frame after the last one; None means the end.
    """
    if frames is None:
        return None if last is None else last - first
    return max(0, (frames if last is None else min(frames, last)) - first)
