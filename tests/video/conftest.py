"""Small videos, made with PyAV."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch


def fill(picture: av.VideoFrame, index: int) -> None:
    """Smooth content that differs from frame to frame: a ramp in luma, another in chroma."""
    deep = picture.format.components[0].bits > 8
    scale = 2 ** (picture.format.components[0].bits - 8)
    for number, plane in enumerate(picture.planes[:3]):
        into: Any = plane
        kind = np.dtype(np.uint16 if deep else np.uint8)
        rows = np.frombuffer(into, kind).reshape(plane.height, plane.line_size // kind.itemsize)
        across = np.linspace(0, 1, plane.width)[None]
        down = np.linspace(0, 1, plane.height)[:, None]
        values = (
            60 + 100 * across + 8 * (index % 10) if number == 0 else 112 + 32 * (down, across)[number - 1]
        )
        rows[:, : plane.width] = np.round(values * scale) + np.zeros((plane.height, 1))


def sound(track: Any, seconds: float, start: float = 0.0) -> list[Any]:
    """Packets of a rising tone."""
    codec = track.codec_context
    rate, channels = codec.sample_rate, codec.layout.nb_channels
    wave = np.sin(np.linspace(0, 300 * seconds * seconds, round(rate * seconds)))
    samples = np.tile((wave * 2**13).astype(np.int16)[:, None], (1, channels)).reshape(1, -1)
    packets = []
    for at in range(0, samples.shape[1], 1024 * channels):
        piece = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples[:, at : at + 1024 * channels]),
            format="s16",
            layout=codec.layout.name,
        )
        piece.sample_rate = rate
        piece.time_base = Fraction(1, rate)
        piece.pts = at // channels + round(start * rate)
        packets += track.encode(piece)
    return packets + track.encode(None)


def make_video(
    path: Path,
    *,
    pts: Sequence[int] = range(12),
    time_base: Fraction = Fraction(1, 24),
    last: int = 1,
    size: tuple[int, int] = (64, 48),
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    options: dict[str, str] | None = None,
    tags: tuple[int, int, int, int] | None = None,
    aspect: Fraction | None = None,
    rotation: int = 0,
    mirrored: bool = False,
    audio: Sequence[tuple[str, int, str]] = (),
    sound_s: float | None = None,
) -> Path:
    """Write a video with the given time stamps; `audio` is (codec, rate, layout) for each track."""
    stamps = list(pts)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=round(1 / time_base) or 1, options=options or {})
        stream.width, stream.height = size
        stream.pix_fmt = pixel_format
        stream.time_base = stream.codec_context.time_base = time_base
        stream.codec_context.flags |= av.codec.context.Flags.frame_duration
        if len(stamps) > 1:
            stream.codec_context.framerate = Fraction(len(stamps), 1) / (
                (stamps[-1] - stamps[0] + last) * time_base
            )
        if tags is not None:
            context = stream.codec_context
            context.color_range, context.color_primaries, context.color_trc, context.colorspace = tags
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation or mirrored:
            stream.set_display_rotation(rotation, hflip=mirrored)
        tracks = [container.add_stream(name, rate=rate, layout=layout) for name, rate, layout in audio]
        for index, stamp in enumerate(stamps):
            picture = av.VideoFrame(*size, pixel_format)
            fill(picture, index)
            picture.pts, picture.time_base = stamp, time_base
            following = stamps[index + 1] if index + 1 < len(stamps) else stamp + last
            picture.duration = following - stamp
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
        length = float((stamps[-1] - stamps[0] + last) * time_base) if sound_s is None else sound_s
        for track in tracks:
            container.mux(sound(track, length))
    return path


@pytest.fixture(name="make_video")
def make_video_fixture() -> Callable[..., Path]:
    """Write a small video; see `make_video`."""
    return make_video


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Threads of torch and of the codecs that wait for each other make small frames slow on few cores."""
    torch.set_num_threads(1)
