"""Known YUV codes give known R'G'B', and the way back gives the codes."""

import av
import numpy as np
import pytest
import torch

from rackfocus.optics import radiometry
from rackfocus.video.colour import ColourTags, Transfer
from rackfocus.video.pixels import picture_to_rgb, pixel_format_for, rgb_to_picture
from rackfocus.video.source import Orientation

CODES = [(235, 128, 128), (16, 128, 128), (120, 100, 150), (60, 140, 120), (200, 120, 131)]


def uniform(
    pixel_format: str, codes: tuple[int, int, int], size: tuple[int, int] = (32, 24)
) -> av.VideoFrame:
    picture = av.VideoFrame(*size, pixel_format)
    kind = np.uint16 if "10" in pixel_format else np.uint8
    for plane, code in zip(picture.planes, codes, strict=True):
        np.frombuffer(plane, kind)[:] = code
    return picture


def planes(picture: av.VideoFrame) -> list[np.ndarray]:
    return [
        np.frombuffer(plane, np.uint8).reshape(plane.height, -1)[:, : plane.width] for plane in picture.planes
    ]


def reference(codes: tuple[float, ...], matrix: int, full: bool) -> list[float]:
    """ITU-T H.273, equations written out for 8 bits."""
    luma, blue, red = codes
    luma, blue, red = (
        (luma / 255, (blue - 128) / 255, (red - 128) / 255)
        if full
        else ((luma - 16) / 219, (blue - 128) / 224, (red - 128) / 224)
    )
    if matrix == 1:
        rgb = [luma + 1.5748 * red, luma - 0.187324 * blue - 0.468124 * red, luma + 1.8556 * blue]
    elif matrix == 9:
        rgb = [luma + 1.4746 * red, luma - 0.164553 * blue - 0.571353 * red, luma + 1.8814 * blue]
    else:
        rgb = [luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue]
    return [min(max(value, 0), 1) for value in rgb]


@pytest.mark.parametrize("codes", CODES)
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", [1, 5, 6, 9])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv444p", "nv12", "yuva420p", "yuv420p10le"])
def test_known_codes(pixel_format: str, matrix: int, full: bool, codes: tuple[int, int, int]) -> None:
    tags = ColourTags(range=2 if full else 1, matrix=matrix)
    if pixel_format in ("nv12", "yuva420p"):
        picture = uniform("yuv420p", codes).reformat(format=pixel_format)
    elif pixel_format == "yuv420p10le":
        picture = uniform(pixel_format, tuple(4 * code for code in codes))
    else:
        picture = uniform(pixel_format, codes)
    rgb = picture_to_rgb(picture, tags)
    assert rgb.shape == (3, 24, 32)
    share = 4 * 255 / 1023 if full and pixel_format == "yuv420p10le" else 1.0
    # Four times an 8-bit code is not quite the same share of 0..1023 as the code is of 0..255.
    luma, blue, red = (zero + (code - zero) * share for code, zero in zip(codes, (0, 128, 128), strict=True))
    expected = torch.tensor(reference((luma, blue, red), matrix, full))[:, None, None]
    torch.testing.assert_close(rgb, expected.expand_as(rgb), atol=2e-5, rtol=0)


def test_limited_white_and_black_are_exactly_one_and_zero() -> None:
    for luma, level in ((235, 1.0), (16, 0.0)):
        rgb = picture_to_rgb(uniform("yuv420p", (luma, 128, 128)), ColourTags())
        assert torch.equal(rgb, torch.full_like(rgb, level))


@pytest.mark.parametrize("size", [(32, 24), (33, 25)])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", [1, 5, 9])
def test_codes_survive_the_round_trip(matrix: int, full: bool, size: tuple[int, int]) -> None:
    tags = ColourTags(range=2 if full else 1, matrix=matrix)
    for codes in CODES[2:]:
        picture = uniform(pixel_format_for(*size), codes, size)
        again = rgb_to_picture(picture_to_rgb(picture, tags), tags)
        assert again.format.name == picture.format.name
        for plane, code in zip(planes(again), codes, strict=True):
            assert (plane == code).all()


def test_chroma_is_not_shifted() -> None:
    """A ramp across both ways keeps its place in R'G'B' through 4:2:0."""
    across = torch.linspace(0.3, 0.7, 64).expand(48, 64)
    down = torch.linspace(0.3, 0.7, 48)[:, None].expand(48, 64)
    rgb = torch.stack([across, torch.full_like(across, 0.5), down])
    again = picture_to_rgb(rgb_to_picture(rgb, ColourTags()), ColourTags())
    assert (again - rgb)[:, 2:-2, 2:-2].abs().max() < 2 / 255
    assert (again - rgb)[:, 2:-2, 2:-2].mean((1, 2)).abs().max() < 0.3 / 255


@pytest.mark.parametrize("midway", [False, True])
def test_chroma_lies_where_its_standard_says(midway: bool) -> None:
    """Chroma that is a ramp at its own sites is the same ramp at every luma site."""
    picture = uniform("yuv420p", (128, 128, 128), (64, 48))
    sites = 2 * np.arange(32) + (0.5 if midway else 0.0)
    np.frombuffer(picture.planes[2], np.uint8).reshape(24, -1)[:, :32] = 100 + sites
    rgb = picture_to_rgb(picture, ColourTags(matrix=1), chroma_midway=midway)
    red = torch.tensor([reference((128, 128, 100 + float(x)), 1, False)[0] for x in range(64)])
    # The codes of the midway ramp lost half a code when they were stored.
    assert (rgb[0, 24] - red)[2:-2].abs().max() < (0.55 if midway else 1e-3) * 1.5748 / 224


def test_unsaid_matrix_is_what_players_guess() -> None:
    tags = ColourTags()
    assert tags.matrix_for(640, 480) == 5
    assert tags.matrix_for(1280, 720) == tags.matrix_for(720, 1280) == 1
    assert ColourTags(matrix=9).matrix_for(64, 48) == 9


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rotation", [-90, 0, 90, 180])
def test_orientation_is_undone(rotation: int, mirrored: bool) -> None:
    pixels = torch.arange(3 * 4 * 6).float().view(3, 4, 6)
    orientation = Orientation(rotation, mirrored)
    upright = orientation.upright(pixels)
    assert orientation.sideways == (upright.shape == (3, 6, 4))
    assert torch.equal(orientation.coded(upright), pixels)


def test_every_transfer_function_has_its_curves() -> None:
    assert {transfer.value for transfer in Transfer} == set(radiometry.TRANSFER_CURVES)
