"""Checks that every frame of a clip is intact on disk."""

from collections.abc import Callable

from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip
from rackfocus.types import InputError


def damaged_frames(
    clip: RefocusableClip, *, progress: Callable[[int, int | None], None] | None = None
) -> dict[int, str]:
    """Read a whole clip, whose chunks have CRC-32C sums, and find the frames that are missing or damaged.

    Args:
        clip: the clip.
        progress: called with frames done and total frames.

    Returns:
        A sentence for each missing or damaged frame, by its index in the video; empty if all are intact.
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
