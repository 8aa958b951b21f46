"""Decode the sound of a time range of a video to samples."""

import contextlib
import itertools
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from jaxtyping import Float32

from rackfocus.types import InputError
from rackfocus.video.decode import open_container, open_video
from rackfocus.video.decoding.packets import packets_of
from rackfocus.video.sound.channels import settle_layout

RATE = 16_000
"""Samples a second: the rate of speech networks."""

LEAD_IN_S = 0.5
"""Decoding starts this much earlier, because codecs and the resampler need a lead-in."""

SEEK_S = 5.0
"""Ranges that begin earlier than this are decoded from the start, because some containers seek inexactly."""

DRIFT_S = 0.03
"""Samples are moved to their time stamp if they differ by more than this; stamps are rounded."""


def read_sound(
    path: str | Path, start_s: float, end_s: float, *, origin_s: float | None = None
) -> Float32[np.ndarray, "1 sample"] | None:
    """The first sound track between two times, mixed to one channel.

    Only this range is decoded. It is silent where the track has no sound or cannot be decoded.

    Args:
        path: of a video, an image or a folder of images.
        start_s: in seconds from the first frame.
        end_s: in seconds from the first frame.
        origin_s: `Frame.time_s` of the first frame. `None`: found by decoding that frame.

    Returns:
        Samples in -1..1, `RATE` a second, from `start_s` on; empty if there is no sound track.

    Raises:
        InputError: the file cannot be read, or the end is before the start.
    """
    if end_s < start_s:
        raise InputError(f"end_s must come after start_s={start_s}, and is {end_s}.")
    path = Path(path)
    if origin_s is None:
        with open_video(path) as video:
            if not video.info.has_audio:
                return None
            origin_s = video.origin_s
    if path.is_dir():
        return None
    heard = np.zeros((1, round((end_s - start_s) * RATE)), np.float32)
    with open_container(path) as container:
        stream: Any = next((track for track in container.streams.audio if track.codec_context), None)
        if stream is None:
            return None
        if settle_layout(stream.codec_context) is None:
            return heard
        begin_s = origin_s + start_s
        for time_s, samples in _resampled(container, stream, begin_s):
            first = round((time_s - begin_s) * RATE)
            if first >= heard.shape[1]:
                break
            skipped = max(0, -first)
            fits = samples[skipped : skipped + heard.shape[1] - max(0, first)]
            heard[0, max(0, first) : max(0, first) + len(fits)] = fits
    return np.clip(np.nan_to_num(heard, posinf=0, neginf=0), -1, 1)


def _resampled(container: Any, stream: Any, begin_s: float) -> Iterator[tuple[float, np.ndarray]]:
    """Successive samples from a little before a time on, each block with the time of its first sample."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    kind: tuple[Any, ...] | None = None
    at: float | None = None
    for piece in itertools.chain(_decoded(container, stream, begin_s - LEAD_IN_S), (None,)):
        if piece is None:
            if kind is None or at is None:
                return
            stamp = at
        else:
            now = (piece.format.name, piece.layout.name, piece.sample_rate)
            stamp = float(piece.pts * piece.time_base)
            if now != kind or at is None or abs(stamp - at) > DRIFT_S:
                # Some tracks change their rate or have a gap; a resampler cannot continue across that.
                resampler, kind, at = av.AudioResampler(format="flt", layout="mono", rate=RATE), now, stamp
            piece.pts = None
        for part in resampler.resample(piece):
            samples = part.to_ndarray()[0]
            yield at, samples
            at += len(samples) / RATE


def _decoded(container: Any, stream: Any, begin_s: float) -> Iterator[Any]:
    """Decoded blocks that end after a time; damaged ones are left out."""
    if begin_s > SEEK_S:
        # If seeking fails, reading from the start works, too.
        with contextlib.suppress(av.FFmpegError, OSError):
            container.seek(int(begin_s / stream.time_base), stream=stream)
    with contextlib.closing(_packets(container, stream)) as packets:
        for packet in packets:
            try:
                pieces = stream.decode(packet)
            except (av.FFmpegError, ValueError):
                continue
            for piece in pieces:
                if piece.pts is None or not piece.sample_rate:
                    continue
                if float(piece.pts * piece.time_base) + piece.samples / piece.sample_rate > begin_s:
                    yield piece


def _packets(container: Any, stream: Any) -> Generator[Any, None, None]:
    """Packets up to the first one that cannot be read; the rest is silence."""
    demuxed = packets_of(container, stream)
    while True:
        try:
            packet = next(demuxed, None)
        except (av.FFmpegError, OSError):
            return
        if packet is None:
            return
        yield packet
