import dataclasses
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
import torch

from rackfocus.optics.curve_tables import decoding, encoding
from rackfocus.pipelines.estimates import in_linear_light
from rackfocus.video import source
from rackfocus.video.colour import ColourTags
from rackfocus.video.decoding import reduction
from rackfocus.video.decoding.reduction import CodeReduction
from rackfocus.video.source import Look, Orientation, Transfer


def picture(pixel_format: str, width: int, height: int) -> av.VideoFrame:
    rng = np.random.default_rng(1)
    rough = rng.integers(0, 256, (height // 3 + 1, width // 3 + 1, 3), np.uint8)
    codes = np.ascontiguousarray(np.repeat(np.repeat(rough, 3, 0), 3, 1)[:height, :width])
    made = av.VideoFrame.from_ndarray(codes, "rgb24").reformat(format=pixel_format)
    made.colorspace, made.color_range = 1, 1
    return made


@pytest.mark.parametrize("orientation", [Orientation(), Orientation(-90, True)])
@pytest.mark.parametrize(
    "pixel_format", ["yuv420p", "yuv411p", "yuv444p10le", "rgb24", "gbrp", "gray", "nv12"]
)
def test_a_large_picture_is_the_same_reduced_in_bands(monkeypatch, pixel_format, orientation):
    monkeypatch.setattr(reduction, "LARGE_PIXELS", 1000)
    monkeypatch.setattr(reduction, "_BAND_PIXELS", 1200)
    coded = picture(pixel_format, 146, 100)
    look = source.Look(
        width=146, height=100, orientation=orientation, colour=ColourTags(), transfer=Transfer.BT709,
        chroma_midway=pixel_format == "yuv420p",
    )  # fmt: skip
    size = (24, 36) if orientation.sideways else (36, 24)
    wanted = in_linear_light(size)
    assert wanted.applies(coded, look)
    assert not in_linear_light(look.displayed_size(coded)).applies(coded, look)
    whole = decoding("bt709")(look.rgb(coded)[None])
    expected = encoding("bt709")(reduction.resized(whole, size))[0]
    found = wanted.rgb(coded, look)
    assert found.shape == (3, size[1], size[0])
    torch.testing.assert_close(found, expected, atol=2e-6, rtol=0)


def test_a_smaller_picture_comes_whole(make_video, tmp_path):
    from rackfocus.video import open_video

    path = make_video(tmp_path / "v.mp4", pts=range(2))
    with open_video(path) as reader:
        whole = [frame.encoded for frame in reader.frames()]
        given = [frame.encoded for frame in reader.frames(reduction=in_linear_light((8, 8)))]
    assert all(torch.equal(one, other) for one, other in zip(whole, given, strict=True))


def smooth(pixel_format: str, width: int, height: int) -> av.VideoFrame:
    x, y = np.meshgrid(np.arange(width) / width, np.arange(height) / height)
    codes = np.stack([60 + 120 * x, 200 - 150 * y, 90 + 60 * x * y], axis=2).round().astype(np.uint8)
    return av.VideoFrame.from_ndarray(codes, "rgb24").reformat(format=pixel_format, dst_colorspace="ITU709")


UPRIGHT = Orientation()


def look_at(
    coded: av.VideoFrame, orientation: Orientation = UPRIGHT, *, chroma_midway: bool = True, **settings
) -> Look:
    size = coded.width, coded.height
    look = Look(*size, orientation, ColourTags(), Transfer.BT709, chroma_midway=chroma_midway, **settings)
    width, height = look.displayed_size(coded)
    return dataclasses.replace(look, width=width, height=height)


@pytest.mark.parametrize("chroma_midway", [False, True])
@pytest.mark.parametrize("orientation", [Orientation(), Orientation(-90, True)])
@pytest.mark.parametrize(
    "pixel_format",
    ["yuv420p", "yuv422p10le", "yuv444p", "rgb24", "rgb48le", "gbrp", "gray", "nv12", "gbrpf32le"],
)
def test_averaged_codes_are_averaged_colours(pixel_format, orientation, chroma_midway):
    coded = smooth(pixel_format, 320, 180)
    look = look_at(coded, orientation, chroma_midway=chroma_midway)
    size = (61, 107) if orientation.sideways else (107, 61)
    wanted = CodeReduction(size)
    assert wanted.applies(coded, look)
    assert not CodeReduction(look.displayed_size(coded)).applies(coded, look)
    found = wanted.rgb(coded, look).numpy()
    assert found.flags.c_contiguous
    whole = look.rgb(coded).numpy()
    expected = np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in whole])
    # Without the outermost pixels, where chroma goes on beyond its last sample.
    np.testing.assert_allclose(found[:, 1:-1, 1:-1], expected[:, 1:-1, 1:-1], atol=1 / 255)


def test_a_guess_of_the_matrix_is_of_the_whole_picture():
    """Unsaid, the matrix of 720 lines is BT.709, and that of 240 would be BT.601."""
    coded = smooth("yuv444p", 1280, 720)
    coded.colorspace = 2
    found = CodeReduction((426, 240)).rgb(coded, look_at(coded))
    torch.testing.assert_close(found[:, 120, 213], look_at(coded).rgb(coded)[:, 361, 640], atol=0.01, rtol=0)


def test_pixels_that_are_not_square_are_stretched_to_the_reduced_size():
    coded = smooth("yuv420p", 720, 576)
    look = look_at(coded, stretch=(Fraction(64, 45), Fraction(1)))
    assert look.displayed_size(coded) == (1024, 576)
    found = CodeReduction((1000, 300)).rgb(coded, look).numpy()
    whole = look.rgb(coded).numpy()
    expected = np.stack([cv2.resize(plane, (1000, 300), interpolation=cv2.INTER_AREA) for plane in whole])
    np.testing.assert_allclose(found, expected, atol=2.5 / 255)
