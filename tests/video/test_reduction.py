import av
import numpy as np
import pytest
import torch

from rackfocus.optics.curve_tables import decoding, encoding
from rackfocus.pipelines.estimates import in_linear_light
from rackfocus.video import reduction, source
from rackfocus.video.colour import ColourTags
from rackfocus.video.source import Orientation, Transfer


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
