"""Long videos in parts of equal length, which several workers make at the same time."""

from pathlib import Path

from rackfocus.pipelines.clip.refocusable_clip import SUFFIX, RefocusableClip
from rackfocus.types import InputError
from rackfocus.video.decode import open_container, video_stream
from rackfocus.video.encode import SEGMENT_FRAMES

Part = tuple[int, int | None]
"""The first frame of a part, and the frame after its last one; `None`: the end."""


def count_frames(source: Path) -> int | None:
    """The number of frames that a video or a clip states; `None` if it states none or cannot be opened."""
    try:
        if source.suffix.lower() == SUFFIX:
            return len(RefocusableClip.open(source).frame_range)
        with open_container(source) as container:
            return video_stream(container, source).frames or None
    except InputError:  # The job of this video tells what is wrong with it.
        return None


def parts_of(frames: int | None, part_frames: int | None) -> list[Part]:
    """The parts of a video; none if it is not longer than one, or if its length is not known.

    The last one goes to the end, wherever that is: a container may state a wrong number of frames.

    Args:
        frames: of the video.
        part_frames: of a part, at least; rounded up to whole segments (`SEGMENT_FRAMES`). `None`: no parts.

    Raises:
        InputError: `part_frames` is no positive number.
    """
    if part_frames is None:
        return []
    if not (isinstance(part_frames, int) and part_frames > 0):
        raise InputError(f"part_frames must be a positive number of frames or null, and is {part_frames}.")
    length = -(-part_frames // SEGMENT_FRAMES) * SEGMENT_FRAMES
    if frames is None or frames <= length:
        return []
    begins = range(0, frames, length)
    return [(begin, begin + length if begin != begins[-1] else None) for begin in begins]
