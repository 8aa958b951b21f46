"""Turns a deep-focus video, or its refocusable clip, into a shallow-focus video, a frame at a time."""

import logging
import math
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import torch

from rackfocus.device import AUTO, choose_device, telling_full_memory
from rackfocus.focus.aperture import AUTOMATIC, keyframes_of, shot_apertures
from rackfocus.focus.modes import Finder
from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.trackers.tracker import Tracker
from rackfocus.memory import give_back
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.models.checkpoints import SHIPPED, load_model
from rackfocus.one_writer import one_writer
from rackfocus.optics.renderer import Renderer
from rackfocus.pipelines.clip.refocusable_clip import SUFFIX, RefocusableClip
from rackfocus.pipelines.estimates import Estimates, StoredEstimates, VideoEstimates
from rackfocus.pipelines.fingerprint import device_settings, file_identity, fingerprint
from rackfocus.pipelines.focusing.given_focus import Focus, aperture_of, check_focus, focusing_of
from rackfocus.pipelines.focusing.search import FocusSearch, focus_search
from rackfocus.pipelines.frame_range import check_range, frame_count
from rackfocus.pipelines.kept_estimates import KeptEstimates
from rackfocus.pipelines.memory_need import check_memory
from rackfocus.pipelines.outputs import Output, Rendered
from rackfocus.pipelines.photograph import PhotographWriter, check_one_frame, is_photograph
from rackfocus.pipelines.prefetch import prefetch
from rackfocus.pipelines.rendering import Rendering
from rackfocus.types import (
    FocusAnnotation,
    FocusKeyframes,
    FocusTrack,
    InputError,
    Lens,
)
from rackfocus.video import VideoInfo, VideoReader, VideoWriter, open_video
from rackfocus.video.codecs import H264, Codec
from rackfocus.video.decoding.reduction import Size
from rackfocus.video.encode import check_part, check_target
from rackfocus.video.stabilizer.look_ahead import look_ahead_stabilizer
from rackfocus.video.stabilizer.stabilizer import Stabilizer
from rackfocus.work_folder import part_of

_log = logging.getLogger(__name__)

GIVE_BACK_FRAMES = 4
"""After so many frames freed memory is given back, which takes about a hundredth of the time."""


def refocus(
    source: str | Path,
    target: str | Path,
    *,
    focus: Focus = None,
    f_number: float | FocusKeyframes | Literal["auto"] | None = None,
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
    damaged: str = "stop",
    interlaced: str = "deinterlace",
    hwaccel: str | None = None,
    video: str | Path | None = None,
    device: str | torch.device = AUTO,
    part: tuple[int, int | None] | None = None,
    autofocus: str | Finder | None = None,
    tracker: Tracker | None = None,
    puller: FocusPuller | None = None,
    progress: Callable[[int, int | None], None] | None = None,
    autofocus_progress: Callable[[int, int | None], None] | None = None,
) -> int:
    """Render `source` with the depth of field of a large lens into `target`.

    Memory does not grow with the video. The target appears when it is complete; rate, time stamps, rotation,
    colour tags and sound are those of the source. If it is interrupted at any moment and called again with
    the same arguments, it resumes and gives the same bytes, on the same machine with as many threads.

    If focus is found by autofocus or follows an annotation, or the f-number is `auto`, the frames of a video
    are estimated first, from its beginning. The estimates are stored in a hidden folder beside the target,
    less than a megabyte for a frame of 1920x1080, and used for rendering afterwards.

    Args:
        source: a video, a folder of frames, or a refocusable clip (`.rvr`).
        target: the video to write (`.mp4`, `.mov`, `.mkv`), or a photograph (`.jpg`, `.png`, `.heic`, `.exr`:
            linear light), which has the EXIF data of its source, for one frame.
        focus: what is in focus. The disparity at a point is read in every frame; the subjects of an
            annotation are first followed by a tracker.
        f_number: overrides that of the lens and that of an annotation or keyframes given as `focus`. `auto`:
            in each shot the widest that keeps the subjects whole (`rackfocus.focus.aperture`); which, and
            why, is logged. It needs a subject: a point, an annotation, autofocus or its track.
        lens: the lens to render with; disparity is the blur radius at its reference aperture.
        model: estimates disparity and HDR: a network, a `CompositeEstimator`, the checkpoint of a network, or
            the name of the one that comes with the package. Not used for a clip, which holds its estimates.
        stabilizer: the temporal filter, without state; `None`: `look_ahead_stabilizer()`. With
            `NoStabilizer()` each frame is rendered with its own estimate.
        renderer: the forward model; `None`: `coverage`.
        codec: `None`: H.264.
        output: the content of the video; `None`: the rendering.
        first: the first frame.
        last: the frame after the last one; `None`: the end.
        scale: size of the output divided by that of the source, in (0, 1].
        network_size_px: the longer side of the network's input; `None`: the whole frame.
        fps: frames a second, where the source is a folder of frames.
        damaged: `stop` at a damaged frame, or `hold` the last good one until the next key frame.
        interlaced: `deinterlace` interlaced video, or `refuse` it.
        hwaccel: the decoder of a GPU, such as `cuda`; `None`: the CPU. See `rackfocus.video.open_video`.
        video: the current path of a clip's video, if it was moved.
        part: only render the frames from the first to before the second of these, counted from `first`, in
            multiples of `rackfocus.video.encode.SEGMENT_FRAMES`; `None` for the second: to the end. They are
            stored in a hidden folder beside the target, for a later call with the same arguments and without
            `part`, which gives the same bytes as if it had rendered all. Several processes and machines may
            render parts at the same time; not where focus is found by autofocus or follows an annotation.
        device: where it is computed: see `rackfocus.device.choose_device`. On another device than the CPU the
            network takes several frames at once, and a resumed video may differ in its last digits.
        autofocus: a mode or a set of detectors; focus is on the targets that `rackfocus.autofocus` finds with
            it. The targets of an annotation are used, too; those of a user take precedence.
        tracker: follows the subjects of targets; `None`: NanoTrack if its files are found, else KCF.
        puller: moves focus between them; `None`: as an annotation says, otherwise linearly in 10 frames.
        progress: called with frames done and total frames; the total is `None` if unknown.
        autofocus_progress: like `progress`, while frames are estimated and focus is found and followed.

    Returns:
        The number of frames written, of the part if one is given.

    Example:
        The first two frames, in focus where the point is, in pixels of the video:

        >>> import rackfocus
        >>> lens = rackfocus.Lens(f_number=1.4, shape=rackfocus.Polygon(blades=7))
        >>> rackfocus.refocus("in.mp4", "out.mp4", focus=(24, 16), lens=lens, last=2)
        2

    Raises:
        InputError: the source cannot be read or changes meanwhile, the target cannot be written or is being
            written by another run, the point lies outside the frame, a setting is out of range, the device
            is not there, or memory does not suffice.
    """
    source, target, device = Path(source), Path(target), choose_device(device)
    codec = codec or H264()
    _check_settings(focus, first, last, scale)
    search = focus_search(focus, f_number, autofocus, tracker, puller, autofocus_progress)
    if part is not None:
        _check_part(part, target, search)
    lens, f_numbers = aperture_of(focus, None if f_number == AUTOMATIC else f_number, lens or Lens())
    clip = RefocusableClip.open(source, source=video) if source.suffix == SUFFIX and source.is_dir() else None
    opened = (
        open_video(source, fps=fps, damaged=damaged, interlaced=interlaced, hwaccel=hwaccel)
        if clip is None
        else clip.open_source()
    )
    with telling_full_memory(device), ExitStack() as stack:
        reader = stack.enter_context(opened)
        check_focus(focus, reader.info)
        if is_photograph(target):
            check_one_frame(target, reader, first, last)
        else:
            check_target(target, reader.path, codec)
        stack.enter_context(one_writer(target if part is None else part_of(target, part[0])))
        size = _scaled(reader.info, scale)
        if device.type == "cpu":
            check_memory(source, (reader.info.width, reader.info.height), size)
        whole_sound = last is None
        estimates: Estimates
        track = focus if isinstance(focus, FocusTrack) else None
        if clip is not None:
            whole_sound = whole_sound and clip.info.last is None
            first, last = _within(clip, first, last)
            estimates = StoredEstimates(clip, reader, size, device)
            if search is not None:
                track = search.track(reader, clip, last)
                give_back()
        else:
            network = load_model(model) if isinstance(model, str | Path) else model
            stabilizer = stabilizer or look_ahead_stabilizer()
            estimates = VideoEstimates(reader, network, stabilizer, network_size_px, size, device)
            if search is not None:
                kept = stack.enter_context(_kept(target, estimates, fps))
                search.estimate(kept, estimates, last)
                give_back()
                track = search.track(reader, kept, last, done=kept.frame_range.stop)
                give_back()
                estimates = StoredEstimates(kept, reader, size, device)
        if track is not None and f_number == AUTOMATIC:
            f_numbers = _chosen(track, lens, reader)
        # What autofocus and annotations say is the track by now; a point stays a point.
        focus = focus if track is None or isinstance(focus, tuple) else track
        assert not isinstance(focus, FocusAnnotation)
        rendering = Rendering(
            focusing_of(focus), lens, f_numbers, renderer or Renderer(), output or Rendered()
        )
        job = fingerprint(
            source=file_identity(reader.path),
            frames=(first, last, fps),
            size=size,
            estimates=estimates.identity(),
            rendering=rendering,
            target=(target.name, codec),
            **device_settings(device),
        )
        shown_size = rendering.output.size(*size)
        with (
            PhotographWriter(target, reader)
            if is_photograph(target)
            else VideoWriter(
                target,
                reader,
                size=shown_size,
                codec=codec,
                whole_sound=whole_sound,
                job=job,
                begin=None if part is None else part[0],
            )
        ) as writer:
            _write(writer, rendering, estimates, reader, first=first, last=last, part=part, progress=progress)
            if writer.frames_written == 0 and part is None:
                raise InputError(
                    f"{source} has no frame {first}; it has {reader.info.frames or 'fewer'} frames."
                )
    return writer.frames_written - (0 if part is None else part[0])


def _chosen(track: FocusTrack, lens: Lens, reader: VideoReader) -> FocusKeyframes:
    """The f-number that is chosen for each shot; says which, and why."""
    info = reader.info
    apertures = shot_apertures(track, lens, longer_side_px=max(info.width, info.height), fps=float(info.fps))
    for each in apertures:
        _log.info("Frames %d to %d: f/%g. %s", each.first, each.stop - 1, each.f_number, each.why)
    return keyframes_of(apertures)


def _kept(target: Path, estimates: VideoEstimates, fps: float) -> KeptEstimates:
    """The storage of a video's estimates while its focus track is found."""
    job = fingerprint(
        source=file_identity(estimates.reader.path),
        fps=fps,
        size=estimates.size,
        estimates=estimates.identity(),
        **device_settings(estimates.device),
    )
    return KeptEstimates(target, estimates.size, job)


def _write(
    writer: VideoWriter | PhotographWriter,
    rendering: Rendering,
    estimates: Estimates,
    reader: VideoReader,
    *,
    first: int,
    last: int | None,
    part: tuple[int, int | None] | None,
    progress: Callable[[int, int | None], None] | None,
) -> None:
    """Render the frames, of the part if one is given, that are not written yet."""
    begin, end = part or (0, None)
    ends = [each for each in (last, None if end is None else first + end) if each is not None]
    stop = min(ends, default=None)
    rest = first + writer.frames_written
    if stop is not None and rest >= stop:
        return
    total = frame_count(reader.info.frames, first + begin, stop)
    pictures = rendering.pictures(
        prefetch(estimates.frames(rest, stop, last)),
        scale_from_source=estimates.size[0] / reader.info.width,
        start_s=reader.origin_s,
    )
    for frame, picture in prefetch(pictures):
        writer.write(frame, picture)
        del picture  # its memory, while the next one is rendered
        if writer.frames_written % GIVE_BACK_FRAMES == 0:
            give_back()
        if progress is not None:
            progress(writer.frames_written - begin, total)


def _check_part(part: tuple[int, int | None], target: Path, search: FocusSearch | None) -> None:
    check_part(*part)
    if search is not None:
        raise InputError(
            "A part cannot be rendered alone where focus is found by autofocus or follows an annotation; "
            "leave out part, or make a clip of the video in parts and render that."
        )
    if is_photograph(target):
        raise InputError(f"{target} is a photograph, which has no parts; leave out part.")


def _within(clip: RefocusableClip, first: int, last: int | None) -> tuple[int, int]:
    """The frames of a range that a clip holds, as first frame and the frame after the last one.

    Raises:
        InputError: the clip holds none of them.
    """
    held = clip.frame_range
    part = range(max(first, held.start), held.stop if last is None else min(last, held.stop))
    if not part:
        raise InputError(
            f"{clip.path} holds the frames {held.start} to {held.stop - 1} of its video, and none of those "
            "that are asked for; change frames."
        )
    return part.start, part.stop


def _check_settings(focus: Focus, first: int, last: int | None, scale: float) -> None:
    if not isinstance(scale, int | float) or not 0 < scale <= 1:
        raise InputError(f"scale must lie above 0 and be at most 1, and is {scale}.")
    check_range(first, last)
    numbers = focus if isinstance(focus, tuple) else (focus,)
    if not all(math.isfinite(number) for number in numbers if isinstance(number, int | float)):
        raise InputError(f"The focus must be finite numbers, and is {focus}.")


def _scaled(info: VideoInfo, scale: float) -> Size:
    """Width and height of the output; scaled ones are rounded to even numbers, as all players support."""
    if scale == 1.0:
        return info.width, info.height
    return max(2, 2 * round(info.width * scale / 2)), max(2, 2 * round(info.height * scale / 2))
