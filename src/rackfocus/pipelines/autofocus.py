"""From a video to a focus track: look-ahead autofocus as a whole (Sec. 5)."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import Float

from rackfocus.focus.following import Following
from rackfocus.focus.modes import target_finder
from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.focus.target_finder import TargetFinder
from rackfocus.focus.trackers.opencv import KCF
from rackfocus.focus.trackers.recovering import RecoveringTracker
from rackfocus.focus.trackers.tracker import Tracker
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.models.checkpoints import SHIPPED, load_model
from rackfocus.pipelines.autofocus_analysis import found_targets
from rackfocus.pipelines.clip.refocusable_clip import SUFFIX, RefocusableClip
from rackfocus.pipelines.clip.source import digest
from rackfocus.pipelines.estimates import VideoEstimates
from rackfocus.pipelines.footage import (
    Disparity,
    Footage,
    FrameDisparityStore,
    disparity_by_frame,
    stored_disparity,
)
from rackfocus.pipelines.frame_estimator import reduced_size
from rackfocus.types import (
    AnnotatedVideo,
    FocusAnnotation,
    FocusPulls,
    FocusTarget,
    FocusTrack,
    InputError,
)
from rackfocus.video import open_video
from rackfocus.video.stabilizer.none import NoStabilizer

GivenDisparity = Disparity | Float[np.ndarray, "frame rows columns"] | str | Path | None
"""A function of the frame's index, an array, a folder of `.npy` or `.png`, or none: it is estimated."""

Progress = Callable[[int, int | None], None]


def autofocus(
    source: str | Path,
    mode: str | SceneSpecific | TargetFinder = "action",
    *,
    disparity: GivenDisparity = None,
    model: RGBDHDREstimator | str | Path = SHIPPED,
    network_size_px: int | None = 384,
    targets: Sequence[FocusTarget] = (),
    tracker: Tracker | None = None,
    puller: FocusPuller | None = None,
    longer_side_px: int = 640,
    last: int | None = None,
    fps: float = 24,
    video: str | Path | None = None,
    progress: Progress | None = None,
) -> FocusTrack:
    """Decide where and when a video is to be focused, with all of its future known.

    The video is gone through twice: for the targets, and to follow their subjects. Memory does not grow with
    it but for some numbers a frame; small maps of disparity wait in a temporary file. There is a track for
    whatever video can be read: what was missing is told in its `warnings`.

    Args:
        source: a video, a folder of frames, or a refocusable clip (`.rvr`).
        mode: `action`, `conversation`, `general`, `af_net`, a set of detectors of your own, or anything else
            that finds targets.
        disparity: in pixels of the video, where it is known; a clip has its own, else it is estimated.
        model: what estimates it; see `rackfocus.refocus`.
        network_size_px: the longer side of what the network sees; none means the whole working frame.
        targets: what others said, such as a user, whose decisions outrank those made here.
        tracker: follows the subjects; KCF by default.
        puller: pulls focus from one to the next; 10 frames, linearly, by default.
        longer_side_px: of the working frames that detectors and tracker see.
        last: the frame after the last one; none means the end.
        fps: frames a second, where the source is a folder of frames.
        video: where the video of a clip is now, if it was moved.
        progress: called with frames done and frames in all, of both passes; the latter None where unknown.

    Raises:
        InputError: the source cannot be read, there is no such mode, or a setting is out of range.
    """
    finder = target_finder(mode) if isinstance(mode, str) else mode
    with open_footage(
        source,
        disparity=disparity,
        model=model,
        network_size_px=network_size_px,
        longer_side_px=longer_side_px,
        last=last,
        fps=fps,
        video=video,
    ) as footage:
        return find_and_follow(
            footage, finder, targets=targets, tracker=tracker, puller=puller, progress=progress
        )


def find_and_follow(
    footage: Footage,
    finder: SceneSpecific | TargetFinder,
    *,
    targets: Sequence[FocusTarget] = (),
    tracker: Tracker | None = None,
    puller: FocusPuller | None = None,
    progress: Progress | None = None,
) -> FocusTrack:
    """Both passes of `autofocus` over a video that is open.

    Raises:
        InputError: the video cannot be read, or has no frame.
    """
    count = footage.frame_count
    both = None if count is None else 2 * count

    def first_pass(done: int) -> None:
        if progress is not None:
            progress(done, both)

    with FrameDisparityStore() as known:
        found, warnings = found_targets(footage, finder, known, progress=first_pass)
        frames = len(known.is_cut)
        track = follow(
            footage,
            (*targets, *found),
            known,
            tracker=tracker,
            puller=puller,
            progress=lambda done, _: progress(frames + done, 2 * frames) if progress is not None else None,
        )
    return dataclasses.replace(track, warnings=(*warnings, *track.warnings))


def follow(
    footage: Footage,
    targets: Iterable[FocusTarget],
    known: FrameDisparityStore | None = None,
    *,
    tracker: Tracker | None = None,
    puller: FocusPuller | None = None,
    progress: Progress | None = None,
) -> FocusTrack:
    """Follow the subjects of targets through a video, and pull focus between them.

    Args:
        footage: the video.
        targets: all of them, in pixels of the video; see `rackfocus.focus.decisions`.
        known: what an earlier pass kept.
        tracker: KCF by default.
        puller: 10 frames, linearly, by default.
        progress: called with frames done and frames in all, the latter None where unknown.

    Raises:
        InputError: the video cannot be read.
    """
    following = Following(
        targets,
        tracker=tracker or RecoveringTracker(KCF()),
        puller=puller or FocusPuller(),
        scale_from_source=1 / footage.scale_to_source,
    )
    for shown in footage.frames(known):
        following.push(shown.image, shown.disparity, shown.is_cut)
        if progress is not None:
            progress(shown.index + 1, footage.frame_count)
    return following.finish()


def annotation_of(footage: Footage, puller: FocusPuller) -> FocusAnnotation:
    """An annotation of the video with no target yet."""
    reader = footage.reader
    info, path = reader.info, reader.path
    frames = info.frames or sum(1 for _ in reader.frames())
    video = AnnotatedVideo(path.name, digest(path), info.width, info.height, frames, float(info.fps))
    pulls = {field.name: getattr(puller, field.name) for field in dataclasses.fields(FocusPulls)}
    return FocusAnnotation(video, pulls=FocusPulls(**pulls))


@contextmanager
def open_footage(
    source: str | Path,
    *,
    disparity: GivenDisparity = None,
    model: RGBDHDREstimator | str | Path = SHIPPED,
    network_size_px: int | None = 384,
    longer_side_px: int = 640,
    last: int | None = None,
    fps: float = 24,
    video: str | Path | None = None,
) -> Iterator[Footage]:
    """A video or clip as autofocus sees it; see `autofocus` for the arguments.

    Raises:
        InputError: the source cannot be read, or a setting is out of range.
    """
    for name, value in (("longer_side_px", longer_side_px), ("network_size_px", network_size_px)):
        if value is not None and not (isinstance(value, int) and value >= 1):
            raise InputError(f"{name} must be a whole number of pixels, and is {value}.")
    if last is not None and last < 1:
        raise InputError(f"last must be 1 or more, and is {last}.")
    source = Path(source)
    clip = RefocusableClip.open(source, source=video) if source.suffix == SUFFIX and source.is_dir() else None
    with open_video(source, fps=fps) if clip is None else clip.open_source() as reader:
        if disparity is not None:
            maps: Disparity | VideoEstimates = disparity_by_frame(disparity)
        elif clip is not None:
            maps = stored_disparity(clip, reader.info.width)
            stop = clip.frame_range.stop if clip.info.last is not None else None
            last = stop if last is None else last if stop is None else min(last, stop)
        else:
            network = load_model(model) if isinstance(model, str | Path) else model
            size = reduced_size(reader.info.width, reader.info.height, longer_side_px)
            # Without the temporal filter: robust reading of small maps makes up for its absence.
            maps = VideoEstimates(reader, network, NoStabilizer(), network_size_px, size)
        yield Footage(reader, maps, longer_side_px, last)
