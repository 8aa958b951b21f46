"""From a deep-focus video, or its refocusable clip, to a shallow-focus one, a frame at a time."""

import dataclasses
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rackfocus.focus.focus_track import (
    FixedFocus,
    Focusing,
    KeyframedFocus,
    Point,
    PointFocus,
    TrackedFocus,
)
from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.focus.target_finder import TargetFinder
from rackfocus.focus.trackers.tracker import Tracker
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.models.checkpoints import SHIPPED, load_model
from rackfocus.optics.renderer import Renderer
from rackfocus.pipelines.ahead import ahead
from rackfocus.pipelines.autofocus import autofocus as focus_track_of
from rackfocus.pipelines.autofocus import follow, open_footage
from rackfocus.pipelines.clip.refocusable_clip import SUFFIX, RefocusableClip
from rackfocus.pipelines.estimates import ClipEstimates, Estimates, Size, VideoEstimates
from rackfocus.pipelines.fingerprint import file_identity, fingerprint
from rackfocus.pipelines.outputs import Output, Rendered
from rackfocus.pipelines.rendering import Rendering
from rackfocus.types import FocusAnnotation, FocusKeyframes, FocusTrack, InputError, Lens
from rackfocus.video import VideoInfo, VideoWriter, open_video
from rackfocus.video.codecs import H264, Codec
from rackfocus.video.stabilizer.look_ahead import look_ahead_stabilizer
from rackfocus.video.stabilizer.stabilizer import Stabilizer

Focus = Point | float | FocusAnnotation | FocusKeyframes | FocusTrack | None
"""A point `(x, y)` in pixels of the source video, a disparity in its pixels, an annotation whose targets are
followed, keyframes, a track of `rackfocus.autofocus`, or none: the network's own plane."""

_log = logging.getLogger(__name__)

LOOK_AHEAD_S = 4.0
"""How far beyond the last frame that is rendered autofocus looks for what focus should turn to."""


def refocus(
    source: str | Path,
    target: str | Path,
    *,
    focus: Focus = None,
    f_number: float | FocusKeyframes | None = None,
    lens: Lens | None = None,
    model: RGBDHDREstimator | str | Path = SHIPPED,
    stabilizer: Stabilizer | None = None,
    renderer: Renderer | None = None,
    codec: Codec | None = None,
    output: Output | None = None,
    first: int = 0,
    last: int | None = None,
    scale: float = 1.0,
    network_size_px: int | None = 384,
    fps: float = 24,
    video: str | Path | None = None,
    autofocus: str | SceneSpecific | TargetFinder | None = None,
    tracker: Tracker | None = None,
    puller: FocusPuller | None = None,
    progress: Callable[[int, int | None], None] | None = None,
    autofocus_progress: Callable[[int, int | None], None] | None = None,
) -> int:
    """Render `source` with the depth of field of a large lens into `target`.

    Memory does not grow with the video. The target appears when it is whole; rate, time stamps, rotation,
    colour tags and sound are the source's. Stopped at any instant and called again in the same way, it goes
    on where it was and comes to the same bytes, on the same machine with as many threads.

    Args:
        source: a video, a folder of frames, or a refocusable clip (`.rvr`).
        target: the video to write (`.mp4`, `.mov`, `.mkv`).
        focus: what is sharp. The disparity of a point is read anew in every frame; the subjects of an
            annotation are followed by a tracker first.
        f_number: overrides that of the lens and that of an annotation or keyframes given as `focus`.
        lens: the lens to render with; disparity is the blur radius at its reference aperture.
        model: what estimates disparity and HDR (a network, or `Assembled` from other models), the checkpoint
            of a network, or the name of the one that comes with the package. A clip holds its estimates.
        stabilizer: the temporal filter, as new; `look_ahead_stabilizer()` by default. `NoStabilizer()`
            renders what the network gives for each frame by itself.
        renderer: the forward model; `coverage` by default.
        codec: H.264 by default.
        output: what to show; the rendering by default.
        first: the first frame.
        last: the frame after the last one; none means the end.
        scale: size of the output over that of the source, in (0, 1].
        network_size_px: the longer side of what the network sees; none means the whole frame.
        fps: frames a second, where the source is a folder of frames.
        video: where the video of a clip is now, if it was moved.
        autofocus: `action`, `conversation` or a set of detectors: what `rackfocus.autofocus` finds is sharp.
            The targets of an annotation count, too; those of a user outrank it.
        tracker: follows the subjects of targets; KCF by default.
        puller: pulls focus between them; as an annotation says, or 10 frames linearly.
        progress: called with frames done and frames in all, the latter None where unknown.
        autofocus_progress: the same while focus is found or followed.

    Returns:
        The number of frames written.

    Raises:
        InputError: the source cannot be read, the target cannot be written, the point lies outside the
            frame, or a setting is out of range.
    """
    source, target = Path(source), Path(target)
    _check_settings(focus, first, last, scale, network_size_px)
    if autofocus is not None and not (focus is None or isinstance(focus, FocusAnnotation)):
        raise InputError("Say only once what is in focus: by autofocus, or by a point, disparity or track.")
    lens, f_numbers = _aperture(focus, f_number, lens or Lens())
    clip = RefocusableClip.open(source, source=video) if source.suffix == SUFFIX and source.is_dir() else None
    with open_video(source, fps=fps) if clip is None else clip.open_source() as reader:
        check_focus(focus, reader.info)
        size = _scaled(reader.info, scale)
        whole_sound = last is None
        if clip is None:
            model = load_model(model) if isinstance(model, str | Path) else model
            estimates: Estimates = VideoEstimates(
                reader, model, stabilizer or look_ahead_stabilizer(), network_size_px, size
            )
        else:
            estimates = ClipEstimates(clip, reader, size)
            whole_sound = whole_sound and clip.info.last is None
            first, last = _within(clip, first, last)
        if autofocus is not None or isinstance(focus, FocusAnnotation):
            focus = _track(
                focus if isinstance(focus, FocusAnnotation) else None,
                autofocus,
                {
                    "source": source,
                    "model": model,
                    "network_size_px": network_size_px,
                    "fps": fps,
                    "video": video,
                    "last": None if last is None else last + round(LOOK_AHEAD_S * reader.info.fps),
                },
                tracker=tracker,
                puller=puller,
                progress=autofocus_progress,
            )
            for warning in focus.warnings:
                _log.warning("%s: %s", source, warning)
        rendering = Rendering(
            focusing_of(focus), lens, f_numbers, renderer or Renderer(), output or Rendered()
        )
        codec = codec or H264()
        job = fingerprint(
            source=file_identity(reader.path),
            frames=(first, last, fps),
            size=size,
            estimates=estimates.identity(),
            rendering=rendering,
            target=(target.name, codec),
        )
        total = _frame_count(reader.info.frames, first, last)
        start_s = next((frame.time_s for frame in reader.frames(0, 1)), 0.0)
        with VideoWriter(
            target,
            reader,
            size=rendering.output.size(*size),
            codec=codec,
            whole_sound=whole_sound,
            job=job,
        ) as writer:
            rest = first + writer.frames_written
            if last is None or rest < last:
                pictures = rendering.pictures(
                    ahead(estimates.frames(rest, last, last)),
                    scale_from_source=size[0] / reader.info.width,
                    start_s=start_s,
                )
                for frame, picture in ahead(pictures):
                    writer.write(frame, picture)
                    if progress is not None:
                        progress(writer.frames_written, total)
            if writer.frames_written == 0:
                raise InputError(
                    f"{source} has no frame {first}; it has {reader.info.frames or 'fewer'} frames."
                )
    return writer.frames_written


def focusing_of(focus: Point | float | FocusKeyframes | FocusTrack | None) -> Focusing:
    """Which disparity is in focus, frame by frame.

    Raises:
        InputError: keyframes hold no disparity.
    """
    if isinstance(focus, FocusTrack):
        return TrackedFocus(focus)
    if isinstance(focus, FocusKeyframes):
        return KeyframedFocus(focus)
    if isinstance(focus, tuple):
        return PointFocus(focus)
    return FixedFocus(0.0 if focus is None else float(focus))


def _track(
    annotation: FocusAnnotation | None,
    mode: str | SceneSpecific | TargetFinder | None,
    footage: dict[str, Any],
    *,
    tracker: Tracker | None,
    puller: FocusPuller | None,
    progress: Callable[[int, int | None], None] | None,
) -> FocusTrack:
    """The track of an annotation's targets, of those that autofocus finds, or of both.

    Raises:
        InputError: an annotation holds no target and nothing else finds one.
    """
    targets = () if annotation is None else annotation.targets
    if annotation is not None:
        puller = puller or FocusPuller(**dataclasses.asdict(annotation.pulls))
    if mode is not None:
        return focus_track_of(
            mode=mode, targets=targets, tracker=tracker, puller=puller, progress=progress, **footage
        )
    if not targets:
        raise InputError("There is no focus target; add one, or give a point or a disparity.")
    with open_footage(**footage) as shown:
        return follow(shown, targets, tracker=tracker, puller=puller, progress=progress)


def check_focus(focus: Focus, info: VideoInfo) -> None:
    """Raise InputError where a focus does not belong to a video: it lies outside, or is of another size."""
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


def _aperture(
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


def _within(clip: RefocusableClip, first: int, last: int | None) -> tuple[int, int]:
    """The part of a range that a clip holds.

    Raises:
        InputError: it holds none.
    """
    held = clip.frame_range
    part = range(max(first, held.start), held.stop if last is None else min(last, held.stop))
    if not part:
        raise InputError(
            f"{clip.path} holds the frames {held.start} to {held.stop - 1} of its video, and none of those "
            "that are asked for; change frames."
        )
    return part.start, part.stop


def _check_settings(
    focus: Focus, first: int, last: int | None, scale: float, network_size_px: int | None
) -> None:
    if not isinstance(scale, int | float) or not 0 < scale <= 1:
        raise InputError(f"scale must lie above 0 and be at most 1, and is {scale}.")
    if network_size_px is not None and not (isinstance(network_size_px, int) and network_size_px >= 1):
        raise InputError(f"network_size_px must be a whole number of pixels, and is {network_size_px}.")
    if first < 0 or (last is not None and last <= first):
        raise InputError(f"The frames from {first} to {last} are no range.")
    numbers = focus if isinstance(focus, tuple) else (focus,)
    if not all(math.isfinite(number) for number in numbers if isinstance(number, int | float)):
        raise InputError(f"The focus must be finite numbers, and is {focus}.")


def _scaled(info: VideoInfo, scale: float) -> Size:
    """Width and height of the output; a scaled size is made even, which every player takes."""
    if scale == 1.0:
        return info.width, info.height
    return max(2, 2 * round(info.width * scale / 2)), max(2, 2 * round(info.height * scale / 2))


def _frame_count(frames: int | None, first: int, last: int | None) -> int | None:
    if frames is None:
        return None if last is None else last - first
    return max(0, (frames if last is None else min(frames, last)) - first)
