"""From a deep-focus video, or its refocusable clip, to a shallow-focus one, a frame at a time."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

from rackfocus.focus.focus_track import FixedFocus, Focusing, KeyframedFocus, Point, TargetFocus
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.models.checkpoints import SHIPPED, load_model
from rackfocus.optics.renderer import Renderer
from rackfocus.pipelines.ahead import ahead
from rackfocus.pipelines.estimates import ClipEstimates, Estimates, Size, VideoEstimates
from rackfocus.pipelines.fingerprint import file_identity, fingerprint
from rackfocus.pipelines.outputs import Output, Rendered
from rackfocus.pipelines.refocusable_clip import SUFFIX, RefocusableClip
from rackfocus.pipelines.rendering import Rendering
from rackfocus.types import FocusAnnotation, FocusKeyframes, FocusTarget, InputError, Lens
from rackfocus.video import VideoInfo, VideoWriter, open_video
from rackfocus.video.codecs import H264, Codec
from rackfocus.video.stabilizer import Stabilizer
from rackfocus.video.stabilizer_none import NoStabilizer

Focus = Point | float | FocusAnnotation | FocusKeyframes | None
"""A point `(x, y)` in pixels of the source video, a disparity in its pixels, an annotation with targets,
keyframes, or none: the network's own plane."""


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
    progress: Callable[[int, int | None], None] | None = None,
) -> int:
    """Render `source` with the depth of field of a large lens into `target`.

    Memory does not grow with the video. The target appears when it is whole; rate, time stamps, rotation,
    colour tags and sound are the source's. Stopped at any instant and called again in the same way, it goes
    on where it was and comes to the same bytes, on the same machine with as many threads.

    Args:
        source: a video, a folder of frames, or a refocusable clip (`.rvr`).
        target: the video to write (`.mp4`, `.mov`, `.mkv`).
        focus: what is sharp. The disparity of a point is read anew in every frame.
        f_number: overrides that of the lens and that of an annotation or keyframes given as `focus`.
        lens: the lens to render with; disparity is the blur radius at its reference aperture.
        model: what estimates disparity and HDR (a network, or `Assembled` from other models), the checkpoint
            of a network, or the name of the one that comes with the package. A clip holds its estimates.
        stabilizer: the temporal filter, as new; none renders what each frame gives by itself.
        renderer: the forward model; `coverage` by default.
        codec: H.264 by default.
        output: what to show; the rendering by default.
        first: the first frame.
        last: the frame after the last one; none means the end.
        scale: size of the output over that of the source, in (0, 1].
        network_size_px: the longer side of what the network sees; none means the whole frame.
        fps: frames a second, where the source is a folder of frames.
        video: where the video of a clip is now, if it was moved.
        progress: called with frames done and frames in all, the latter None where unknown.

    Returns:
        The number of frames written.

    Raises:
        InputError: the source cannot be read, the target cannot be written, the point lies outside the
            frame, or a setting is out of range.
    """
    source, target = Path(source), Path(target)
    _check_settings(focus, first, last, scale, network_size_px)
    rendering = Rendering(
        focusing_of(focus),
        *_aperture(focus, f_number, lens or Lens()),
        renderer or Renderer(),
        output or Rendered(),
    )
    clip = RefocusableClip.open(source, source=video) if source.suffix == SUFFIX and source.is_dir() else None
    with open_video(source, fps=fps) if clip is None else clip.open_source() as reader:
        check_focus(focus, reader.info)
        size = _scaled(reader.info, scale)
        whole_sound = last is None
        if clip is None:
            network = load_model(model) if isinstance(model, str | Path) else model
            estimates: Estimates = VideoEstimates(
                reader, network, stabilizer or NoStabilizer(), network_size_px, size
            )
        else:
            estimates = ClipEstimates(clip, reader, size)
            whole_sound = whole_sound and clip.info.last is None
            first, last = _within(clip, first, last)
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
                seen = None if last is None else rendering.focusing.needs(last - 1) + 1
                pictures = rendering.pictures(
                    ahead(estimates.frames(rest, seen, last)),
                    last=last,
                    enlargement=size[0] / reader.info.width,
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


def focusing_of(focus: Focus) -> Focusing:
    """Which disparity is in focus, frame by frame.

    Raises:
        InputError: an annotation holds no target, or keyframes no disparity.
    """
    if isinstance(focus, FocusAnnotation):
        return TargetFocus(focus.chosen_targets, focus.pulls)
    if isinstance(focus, FocusKeyframes):
        return KeyframedFocus(focus)
    if isinstance(focus, tuple):
        return TargetFocus((FocusTarget(0, *focus),))
    return FixedFocus(0.0 if focus is None else float(focus))


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
