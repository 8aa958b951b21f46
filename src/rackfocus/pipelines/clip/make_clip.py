"""Makes a refocusable clip of a video: estimates, stabilises, writes `D` and `E` of each frame (Sec. 4)."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from rackfocus.device import AUTO, choose_device, telling_full_memory
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.models.checkpoints import SHIPPED, load_model
from rackfocus.pipelines.clip.info import ClipHead
from rackfocus.pipelines.clip.source import identify
from rackfocus.pipelines.clip.writer import ClipWriter, check_target
from rackfocus.pipelines.estimates import VideoEstimates
from rackfocus.pipelines.fingerprint import device_settings
from rackfocus.pipelines.frame_range import check_range, frame_count
from rackfocus.pipelines.prefetch import prefetch
from rackfocus.types import InputError
from rackfocus.version import __version__
from rackfocus.video import open_video
from rackfocus.video.stabilizer.look_ahead import look_ahead_stabilizer
from rackfocus.video.stabilizer.stabilizer import Stabilizer


def make_clip(
    source: str | Path,
    target: str | Path,
    *,
    model: RGBDHDREstimator | str | Path = SHIPPED,
    stabilizer: Stabilizer | None = None,
    network_size_px: int | None = 384,
    first: int = 0,
    last: int | None = None,
    fps: float = 24,
    damaged: str = "stop",
    interlaced: str = "deinterlace",
    hwaccel: str | None = None,
    device: str | torch.device = AUTO,
    part: tuple[int, int | None] | None = None,
    settings: Mapping[str, Any] | None = None,
    revision: str = "unknown",
    progress: Callable[[int, int | None], None] | None = None,
) -> int:
    """Write the refocusable clip of a video; an unfinished clip is resumed.

    Memory does not grow with the video. If it is interrupted at any moment and started again, it gives the
    same bytes (on the same machine, with the same number of threads). A frame's estimate does not depend on
    the range that is made. An unfinished clip may be resumed with another `last`, such as the first damaged
    frame.

    Args:
        source: a video, or a folder of frames.
        target: the folder to write; its name ends in `.rvr`.
        model: estimates disparity and HDR: an estimator, the checkpoint of a network, or the name of the one
            that comes with the package.
        stabilizer: the temporal filter, without state; `None`: `look_ahead_stabilizer()`. With
            `NoStabilizer()` the estimate of each frame is written as it is.
        network_size_px: the longer side of the network's input; `None`: the whole frame.
        first: the first frame.
        last: the frame after the last one; `None`: the end.
        fps: frames a second, where the source is a folder of frames.
        damaged: `stop` at a damaged frame, or `hold` the last good one until the next key frame.
        interlaced: `deinterlace` interlaced video, or `refuse` it.
        hwaccel: the decoder of a GPU, such as `cuda`; `None`: the CPU. See `rackfocus.video.open_video`.
        device: where it is computed; see `rackfocus.refocus`.
        part: only make the frames from the first to before the second of these, counted from `first`; `None`
            for the second: to the end. They are stored in a hidden folder beside the target, for a later call
            with the same arguments and without `part`, which gives the same clip as if it had made all.
            Several processes and machines may make parts at the same time.
        settings: further settings to record in the clip; it is resumed only with the same ones.
        revision: of the program, to record in the clip.
        progress: called with frames done and total frames; the total is `None` if unknown.

    Returns:
        The number of frames in the clip, or in the part.

    Raises:
        InputError: the source cannot be read, the target cannot be written, a setting is out of range, the
            target is a clip that was made with other settings, or the device is not there or its memory does
            not suffice.
    """
    target, device = Path(target), choose_device(device)
    check_target(target)
    check_range(first, last)
    opened = open_video(Path(source), fps=fps, damaged=damaged, interlaced=interlaced, hwaccel=hwaccel)
    with telling_full_memory(device), opened as reader:
        network = load_model(model) if isinstance(model, str | Path) else model
        size = (reader.info.width, reader.info.height)
        estimates = VideoEstimates(
            reader, network, stabilizer or look_ahead_stabilizer(), network_size_px, size, device
        )
        made_by = {
            "network": describe(network),
            "network_size_px": network_size_px,
            "stabilizer": type(estimates.stabilizer).__name__,
            **(settings or {}),
            **device_settings(device),
        }
        head = ClipHead(
            video=identify(reader, target),
            first=first,
            last=last,
            settings=json.loads(json.dumps(made_by)),
            software=f"rackfocus {__version__}",
            revision=revision,
        )
        if part is not None:
            with ClipWriter.of_part(target, head, *part) as writer:
                _write(writer, estimates, last, progress)
                return writer.frames
        with ClipWriter(target, head) as writer:
            if not writer.is_finished:
                _write(writer, estimates, last, progress)
                if writer.frames == 0:
                    raise InputError(
                        f"{source} has no frame {first}; it has {reader.info.frames or 'fewer'} frames."
                    )
                reader.check_unchanged()
                writer.finish()
            return writer.frames


def _write(
    writer: ClipWriter,
    estimates: VideoEstimates,
    last: int | None,
    progress: Callable[[int, int | None], None] | None,
) -> None:
    """Estimate and write the frames that are not written yet.

    Args:
        writer: of the clip or of a part of it.
        estimates: of the frames.
        last: the frame after the last one of the whole clip; `None`: the end.
        progress: see `make_clip`.
    """
    first, stop = writer.head.first, writer.head.last
    total = frame_count(estimates.reader.info.frames, first, stop)
    if progress is not None and writer.frames:
        progress(writer.frames, total)
    begin = first + writer.frames
    if stop is not None and begin >= stop:
        return
    for estimate in prefetch(estimates.frames(begin, stop, last)):
        writer.write(
            estimate.disparity,
            estimate.log_exposure,
            pts=estimate.frame.pts,
            duration=estimate.frame.duration,
            is_cut=estimate.is_cut,
        )
        if progress is not None:
            progress(writer.frames, total)


def describe(network: RGBDHDREstimator) -> str:
    """The class of a network, with checksums of its weights, if any, and of the files of recorded depth."""
    kind = type(network).__name__
    if callable(identity := getattr(getattr(network, "depth", None), "identity", None)):
        files = json.dumps(identity(), sort_keys=True)
        kind = f"{kind} of depth {hashlib.sha256(files.encode()).hexdigest()}"
    if not isinstance(network, nn.Module):
        return kind
    sum_of_weights = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        sum_of_weights.update(name.encode())
        sum_of_weights.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return f"{kind} {sum_of_weights.hexdigest()}"
