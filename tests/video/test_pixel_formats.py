"""Every pixel format is read as FFmpeg converts it to RGB, or refused.

Run as a program it prints `experiments/video/pixel_formats.csv`.
"""

import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.filter import Graph
from av.video.format import names
from av.video.reformatter import Interpolation

from rackfocus.types import InputError
from rackfocus.video.colour import FULL, LIMITED, ColourTags
from rackfocus.video.pixels import picture_to_rgb, readable_as
from rackfocus.video.source import picture_tags

WIDTH, HEIGHT = 96, 64
EXACT = (
    Interpolation.BILINEAR
    | Interpolation.ACCURATE_RND
    | Interpolation.BITEXACT
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)
READABLE = sorted(name for name in names if readable_as(name) and not name.startswith("grayf"))
"""FFmpeg stretches grey floats as if they were limited range, see `test_grey_floats_are_light_itself`."""
RECORDED = Path(__file__).parents[2] / "experiments" / "video" / "pixel_formats.csv"


def smooth_rgb() -> av.VideoFrame:
    """Gentle ramps, so that it does not matter where chroma lies between two luma samples."""
    across, down = np.linspace(0, 1, WIDTH)[None], np.linspace(0, 1, HEIGHT)[:, None]
    ramps = 0.3 + 0.15 * across, 0.2 + 0.4 * down + 0.1 * across, 0.7 - 0.2 * down + 0.1 * across
    rgb = np.stack(np.broadcast_arrays(*ramps), -1)
    return av.VideoFrame.from_ndarray((rgb * 65535).round().astype(np.uint16), format="rgb48le")


def picture_of(name: str) -> av.VideoFrame:
    """A smooth picture, converted by FFmpeg, or filled with a ramp where it cannot write the format."""
    grey = name.startswith(("gray", "ya"))
    planar_yuv = not (av.VideoFormat(name).is_rgb or grey or name.startswith("xyz"))
    limited = "MPEG" if planar_yuv and not name.startswith("yuvj") else None
    try:
        picture = smooth_rgb().reformat(
            format=name,
            interpolation=EXACT,
            dst_colorspace="ITU709",
            dst_color_range=limited,
            threads=1,
        )
    except OSError:
        picture = av.VideoFrame(WIDTH, HEIGHT, name)
        floats = re.search(r"f(16|32)(le|be)", name)
        kind = np.dtype(f"{'>' if name.endswith('be') else '<'}f{int(floats[1]) // 8}" if floats else "u1")
        for plane in picture.planes:
            into: Any = plane
            rows = np.frombuffer(into, kind).reshape(plane.height, -1)
            rows[:] = (np.linspace(0.2, 0.6, plane.height)[:, None] * (1 if floats else 255)).astype(kind)
        picture.colorspace, picture.color_range = 1, LIMITED if limited else 0
    if grey:
        picture.color_range = 0
    return picture


def by_ffmpeg(picture: av.VideoFrame) -> np.ndarray:
    """FFmpeg's own RGB, in codes of 0..255."""
    rgb = picture.reformat(format="rgb24", interpolation=EXACT, threads=1, src_colorspace="ITU709")
    return rgb.to_ndarray().astype(np.float64)


def largest_error(name: str) -> float:
    """In codes of 0..255, two pixels at the edges left out, where chroma is extrapolated."""
    picture = picture_of(name)
    found = picture_to_rgb(picture, picture_tags(picture)).permute(1, 2, 0).double().numpy() * 255
    return float(np.abs(found - by_ffmpeg(picture))[2:-2, 2:-2].max())


def test_every_format_is_read_as_ffmpeg_converts_it() -> None:
    assert [name for name in READABLE if largest_error(name) >= 2] == []


def test_no_other_format_is_guessed() -> None:
    others = [name for name in names if readable_as(name) is None and av.VideoFormat(name).components]
    assert {"yaf32le", "rgb4", "gray32le"} <= set(others)
    for name in others:
        with pytest.raises(InputError, match=f"pixel format {name} cannot be read"):
            picture_to_rgb(av.VideoFrame(WIDTH, HEIGHT, name), ColourTags())


def test_a_matrix_without_weights_is_refused() -> None:
    with pytest.raises(InputError, match="code 8 is not supported"):
        picture_to_rgb(av.VideoFrame(WIDTH, HEIGHT, "yuv420p"), ColourTags(matrix=8))


@pytest.mark.parametrize("name", ["gray", "gray10le", "ya8", "ya16le"])
def test_untagged_grey_is_full_range_and_tagged_grey_as_tagged(name: str) -> None:
    picture = picture_of(name)
    full, untagged = (picture_to_rgb(picture, ColourTags(range=kind)) for kind in (FULL, 0))
    assert (full == untagged).all()
    limited = picture_to_rgb(picture, ColourTags(range=LIMITED))
    assert (full - limited).abs().max() > 0.02


@pytest.mark.parametrize("name", ["grayf16le", "grayf16be", "grayf32le", "grayf32be"])
def test_grey_floats_are_light_itself(name: str) -> None:
    picture = picture_of(name)
    kind = np.dtype(f"{'>' if name.endswith('be') else '<'}f{int(name[5:7]) // 8}")
    into: Any = picture.planes[0]
    rows = np.frombuffer(into, kind).reshape(HEIGHT, -1)
    rows[:] = np.linspace(0, 1, HEIGHT)[:, None].astype(kind)
    expected = np.broadcast_to(rows[:, :WIDTH].astype(np.float32), (3, HEIGHT, WIDTH))
    np.testing.assert_array_equal(picture_to_rgb(picture, ColourTags(range=LIMITED)).numpy(), expected)


@pytest.mark.parametrize("name", ["gray", "yuv420p", "gbrp10le", "rgb24"])
def test_rows_stored_from_the_bottom_up(name: str) -> None:
    picture = picture_of(name)
    picture.pts = 0
    graph = Graph()
    source = graph.add("buffer", f"video_size={WIDTH}x{HEIGHT}:pix_fmt={name}:time_base=1/25:pixel_aspect=1")
    flip, sink = graph.add("vflip"), graph.add("buffersink")
    graph.link_nodes(source, flip, sink).configure()
    graph.push(picture)
    flipped = graph.pull()
    assert flipped.planes[0].line_size < 0
    tags = picture_tags(picture)
    assert (picture_to_rgb(flipped, tags).flip(1) == picture_to_rgb(picture, tags)).all()


def table() -> Iterator[tuple[str, str, str]]:
    """The table: each format, the one that it is read as, and its largest error in codes of 0..255."""
    for name in READABLE:
        yield name, str(readable_as(name)), f"{largest_error(name):.2f}"


def test_the_recorded_table_is_of_these_formats() -> None:
    with RECORDED.open(encoding="utf-8", newline="") as file:
        recorded = list(csv.DictReader(file))
    assert len(recorded) >= 60
    assert max(float(row["largest_error_of_255"]) for row in recorded) < 2
    assert {row["format"]: row["read_as"] for row in recorded} == {
        name: readable_as(name) for name in READABLE
    }


if __name__ == "__main__":
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(["format", "read_as", "largest_error_of_255"])
    lines.writerows(table())
