"""Whether every frame of a clip is on disk as it was written."""

from collections.abc import Callable

from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip
from rackfocus.types import InputError


def damaged_frames(
    clip: RefocusableClip, *, progress: Callable[[int, int | None], None] | None = None
) -> dict[int, str]:
    """Read all of a clip, whose chunks carry a CRC-32C, and find what is missing or damaged.

    Args:
        clip: to be read.
        progress: called with frames done and frames in all.

    Returns:
        A sentence for each broken frame, by its index in the video; none where all are whole.
    """
    broken: dict[int, str] = {}
    for done, frame in enumerate(clip.frame_range, 1):
        for read in (clip.disparity, clip.log_exposure):
            try:
                read(frame)
            except InputError as error:
                broken.setdefault(frame, str(error))
        if progress is not None:
            progress(done, clip.frames)
    return broken
