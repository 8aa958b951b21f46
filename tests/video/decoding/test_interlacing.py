"""Interlaced video is found, deinterlaced and said; progressive video is left alone."""

import logging
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from rackfocus.data.video_frames import read_frames
from rackfocus.types import InputError
from rackfocus.video import open_video
from rackfocus.video.random_access import RandomAccess

WIDTH, HEIGHT = 96, 64


def moment(time: float) -> np.ndarray:
    """A bright bar that moves 3 pixels a moment, over a soft background."""
    across, down = np.arange(WIDTH)[None], np.arange(HEIGHT)[:, None]
    inside = np.clip(10 - np.abs(across - (16 + 3 * time)), 0, 1)
    return np.round(60 + 40 * np.sin(down / 9) * np.cos(across / 13) + 90 * inside).astype(np.uint8)


def pictures(order: str, count: int = 24) -> Iterator[np.ndarray]:
    """Frames of the same speed: of two moments in alternate rows, or progressive."""
    for frame in range(count):
        picture, second = moment(2 * frame % 24), moment(2 * frame % 24 + 1)
        if order != "progressive":
            first_row = 1 if order == "tff" else 0
            picture[first_row::2] = second[first_row::2]
        yield picture


def make(path: Path, order: str, codec: str, options: dict[str, str]) -> Path:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 25)
        for number, luma in enumerate(pictures(order)):
            planes = np.concatenate([luma, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)])
            picture = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def combing(image: np.ndarray) -> float:
    """Mean difference of rows from the mean of their neighbours, of 255."""
    grey = image.astype(np.float64)
    return float(np.abs(grey[1:-1] - (grey[:-2] + grey[2:]) / 2).mean())


KINDS = [
    ("v.mp4", "libx264", {"x264-params": "tff=1", "crf": "5"}, "tff", "is interlaced"),
    ("v.ts", "libx264", {"x264-params": "bff=1", "crf": "5"}, "bff", "is interlaced"),
    ("v.mkv", "ffv1", {}, "tff", "looks interlaced"),
    ("v.avi", "ffv1", {}, "bff", "looks interlaced"),
]


@pytest.mark.parametrize(("name", "codec", "options", "order", "says"), KINDS)
def test_fields_are_taken_apart_and_it_is_said(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    name: str,
    codec: str,
    options: dict[str, str],
    order: str,
    says: str,
) -> None:
    path = make(tmp_path / name, order, codec, options)
    with caplog.at_level(logging.WARNING), open_video(path) as reader:
        frames = list(reader.frames())
        list(reader.frames())
    assert [record.message for record in caplog.records] == [f"{path} {says}: it is deinterlaced"]
    assert len(frames) == 24
    assert all(after.pts > before.pts for before, after in pairwise(frames))
    found = [frame.encoded.numpy() * 255 for frame in frames]
    assert combing(next(iter(pictures(order)))) > 5
    for frame in range(2, 22):
        assert combing(found[frame][1]) < 1
    for image in read_frames(path, [3, 4, 17], longer_side_px=WIDTH).frames:
        assert combing(image[1].numpy() * 255) < 1
    with RandomAccess(path, height_px=HEIGHT) as video:
        for index in (17, 4, 5, 23):
            shown = video.read(index)[-1][1].astype(np.float64).transpose(2, 0, 1)
            assert np.abs(shown - found[index]).max() < 1.5
    with pytest.raises(InputError, match=f"{says}; deinterlace it first"):
        open_video(path, interlaced="refuse")


@pytest.mark.parametrize("options", [{}, {"x264-params": "interlaced=0"}])
def test_progressive_video_is_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, options: dict[str, str]
) -> None:
    codec = "libx264" if options else "ffv1"
    path = make(tmp_path / "v.mkv", "progressive", codec, options)
    with open_video(path, interlaced="refuse") as reader:
        assert len(list(reader.frames())) == 24
    assert not caplog.records


def test_stripes_that_move_are_not_interlaced(tmp_path: Path) -> None:
    """Rows of alternating brightness that scroll, and noise, differ from their neighbours as fields would."""
    noise = np.random.default_rng(2).integers(16, 235, (HEIGHT + 24, WIDTH)).astype(np.uint8)
    for name in ("stripes", "noise"):
        with av.open(str(tmp_path / f"{name}.mkv"), "w") as container:
            stream: Any = container.add_stream("ffv1", rate=25)
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "gray"
            for number in range(24):
                luma = noise[number : number + HEIGHT]
                if name == "stripes":
                    down = np.arange(number, number + HEIGHT)[:, None] + np.arange(WIDTH)[None] // 4
                    luma = (60 + 120 * (down % 4 < 2)).astype(np.uint8)
                picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(luma), format="gray")
                picture.pts = number
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))
        open_video(tmp_path / f"{name}.mkv", interlaced="refuse").close()
