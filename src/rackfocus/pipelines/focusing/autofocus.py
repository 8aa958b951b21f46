"""Look-ahead autofocus: from a video to its focus track (Sec. 5)."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from rackfocus.device import AUTO, choose_device, telling_full_memory
from rackfocus.focus.following import Following
from rackfocus.focus.modes import Finder, target_finder
from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.subjects.followed_subject import Sight
from rackfocus.focus.trackers.default_tracker import default_tracker
from rackfocus.focus.trackers.tracker import Tracker
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.models.checkpoints import SHIPPED, load_model
from rackfocus.pipelines.clip.refocusable_clip import SUFFIX, RefocusableClip
from rackfocus.pipelines.clip.source import digest
from rackfocus.pipelines.estimates import VideoEstimates
from rackfocus.pipelines.focusing.analysis import found_targets
from rackfocus.pipelines.focusing.footage import (
    Disparity,
    Footage,
    FrameDisparityStore,
    disparity_by_frame,
    stored_disparity,
)
from rackfocus.types import (
    AnnotatedVideo,
    FocusAnnotation,
    FocusPulls,
    FocusTarget,
    FocusTrack,
    InputError,
)
from rackfocus.video import open_video
from rackfocus.video.stabilizer.look_ahead import look_ahead_stabilizer
from rackfocus.video.stabilizer.stabilizer import Stabilizer

GivenDisparity = Disparity | Float[np.ndarray, "frame rows columns"] | str | Path | None
"""A function of the frame's index, an array, or a folder of `.npy` or `.png`; `None`: it is estimated."""

Progress = Callable[[int, int | None], None]


def autofocus(
    source: str | Path,
    mode: str | Finder = "general",
    *,
    disparity: GivenDisparity = None,
    model: RGBDHDREstimator | str | Path = SHIPPED,
    network_size_px: int | None = 384,
    stabilizer: Stabilizer | None = None,
    targets: Sequence[FocusTarget] = (),
    tracker: Tracker | None = None,
    puller: FocusPuller | None = None,
    longer_side_px: int = 640,
    last: int | None = None,
    fps: float = 24,
    damaged: str = "stop",
    interlaced: str = "deinterlace",
    hwaccel: str | None = None,
    video: str | Path | None = None,
    device: str | torch.device = AUTO,
    progress: Progress | None = None,
) -> FocusTrack:
    """Decide where and when a video is focused, using all of its frames.

    The video is read twice: to find the targets, and to follow their subjects. Memory grows only by a few
    numbers per frame; small maps of disparity are kept in a temporary file. Every video that can be read
    gets a track; what was missing, such as sound, is listed in its `warnings`.

    Args:
        source: a video, a folder of frames, or a refocusable clip (`.rvr`).
        mode: `general`, `action`, `conversation`, `af_net`, a set of detectors of your own, or another
            `TargetFinder`.
        disparity: in pixels of the video, where it is known. `None`: a clip's own, otherwise it is estimated.
        model: estimates disparity; see `rackfocus.refocus`.
        network_size_px: the longer side of the network's input; `None`: the whole frame.
        stabilizer: filters estimated disparity over time; `None`: `look_ahead_stabilizer()`. Estimates are
            those of `rackfocus.refocus` with `scale=1`, so that both find the same targets.
        targets: given beforehand; a user's targets take precedence over those found here.
        tracker: follows the subjects; `None`: NanoTrack if its files are found, else KCF.
        puller: moves focus from one subject to the next; `None`: linearly in 10 frames.
        longer_side_px: longer side of the reduced frames that detectors and tracker receive, in pixels.
        last: the frame after the last one; `None`: the end.
        fps: frames a second, where the source is a folder of frames.
        damaged: `stop` at a damaged frame, or `hold` the last good one until the next key frame.
        interlaced: `deinterlace` interlaced video, or `refuse` it.
        hwaccel: the decoder of a GPU, such as `cuda`; `None`: the CPU. See `rackfocus.video.open_video`.
        video: the current path of a clip's video, if it was moved.
        device: on which the networks run; see `rackfocus.refocus`. What OpenCV computes runs on the CPU.
        progress: called with frames done and total frames of both passes; the total is `None` if unknown.

    Raises:
        InputError: the source cannot be read, there is no such mode, a setting is out of range, or the device
            is not there or its memory does not suffice.
    """
    finder = target_finder(mode) if isinstance(mode, str) else mode
    with open_footage(
        source,
        disparity=disparity,
        model=model,
        network_size_px=network_size_px,
        stabilizer=stabilizer,
        longer_side_px=longer_side_px,
        last=last,
        fps=fps,
        damaged=damaged,
        interlaced=interlaced,
        hwaccel=hwaccel,
        video=video,
        device=device,
    ) as footage:
        return find_and_follow(
            footage, finder, targets=targets, tracker=tracker, puller=puller, progress=progress
        )


def find_and_follow(
    footage: Footage,
    finder: Finder,
    *,
    targets: Sequence[FocusTarget] = (),
    tracker: Tracker | None = None,
    puller: FocusPuller | None = None,
    progress: Progress | None = None,
) -> FocusTrack:
    """Run both passes of `autofocus` on an open video.

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
            seen=found,
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
    seen: Mapping[FocusTarget, Mapping[int, Sight]] | None = None,
    tracker: Tracker | None = None,
    puller: FocusPuller | None = None,
    progress: Progress | None = None,
) -> FocusTrack:
    """Follow the subjects of targets through a video, and pull focus between them.

    Args:
        footage: the video.
        targets: of all sources, in pixels of the video; see `rackfocus.focus.decisions`.
        known: disparity and cuts stored by an earlier pass; `None`: there was none.
        seen: where subjects are seen; see `Following`.
        tracker: `None`: NanoTrack if its files are found, else KCF.
        puller: `None`: linear pulls of 10 frames.
        progress: called with frames done and total frames; the total is `None` if unknown.

    Raises:
        InputError: the video cannot be read.
    """
    following = Following(
        targets,
        tracker=tracker or default_tracker(),
        puller=puller or FocusPuller(),
        scale_from_source=1 / footage.scale_to_source,
        seen=seen,
    )
    for shown in footage.frames(known):
        following.push(shown.image, shown.disparity, shown.is_cut)
        if progress is not None:
            progress(shown.index + 1, footage.frame_count)
    return following.finish()


def annotation_of(footage: Footage, puller: FocusPuller) -> FocusAnnotation:
    """An annotation of the video without targets."""
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
    stabilizer: Stabilizer | None = None,
    longer_side_px: int = 640,
    last: int | None = None,
    fps: float = 24,
    damaged: str = "stop",
    interlaced: str = "deinterlace",
    hwaccel: str | None = None,
    video: str | Path | None = None,
    device: str | torch.device = AUTO,
) -> Iterator[Footage]:
    """Open a video or clip as footage for autofocus; the arguments are those of `autofocus`.

    Raises:
        InputError: the source cannot be read, a setting is out of range, or the device is not there; within
            the context, its memory does not suffice; at its end, the source was changed meanwhile.
    """
    device = choose_device(device)
    for name, value in (("longer_side_px", longer_side_px), ("network_size_px", network_size_px)):
        if value is not None and not (isinstance(value, int) and value >= 1):
            raise InputError(f"{name} must be a whole number of pixels, and is {value}.")
    if last is not None and last < 1:
        raise InputError(f"last must be 1 or more, and is {last}.")
    source = Path(source)
    clip = RefocusableClip.open(source, source=video) if source.suffix == SUFFIX and source.is_dir() else None
    opened = (
        open_video(source, fps=fps, damaged=damaged, interlaced=interlaced, hwaccel=hwaccel)
        if clip is None
        else clip.open_source()
    )
    with telling_full_memory(device), opened as reader:
        if disparity is not None:
            maps: Disparity | VideoEstimates = disparity_by_frame(disparity)
        elif clip is not None:
            maps = stored_disparity(clip, reader.info.width)
            stop = clip.frame_range.stop if clip.info.last is not None else None
            last = stop if last is None else last if stop is None else min(last, stop)
        else:
            network = load_model(model) if isinstance(model, str | Path) else model
            # As large as they are rendered: a decision may hang on little.
            size = reader.info.width, reader.info.height
            stabilizer = stabilizer or look_ahead_stabilizer()
            maps = VideoEstimates(reader, network, stabilizer, network_size_px, size, device)
        yield Footage(reader, maps, longer_side_px, last, device)
        reader.check_unchanged()  # Its sound, too, was read by its name.
