import numpy as np
import pytest
import torch
import torch.nn.functional as F

from rackfocus.video.yuv import Coding, rgb_to_yuv, yuv_to_rgb

LIMITED = Coding(0.2126, 0.0722, 16, 219, 224, 128, 255)


def planes(height, width, rows, columns, seed=0):
    draw = np.random.default_rng(seed)
    sizes = (height, width), (rows, columns), (rows, columns)
    return [draw.integers(60, 190, size=size, dtype=np.uint8) for size in sizes]


def by_formula(luma, blue, red):
    """ITU-R BT.709 in double precision, of chroma at every pixel."""
    grey, cb, cr = (luma - 16.0) / 219, (blue - 128) / 224, (red - 128) / 224
    r, b = grey + 2 * (1 - 0.2126) * cr, grey + 2 * (1 - 0.0722) * cb
    return np.stack([r, (grey - 0.2126 * r - 0.0722 * b) / 0.7152, b]).clip(0, 1)


@pytest.mark.parametrize("each", [(1, 1), (1, 2), (2, 2), (2, 1), (1, 4), (4, 4)])
def test_chroma_midway_is_bilinear_interpolation(each):
    luma, blue, red = planes(40, 72, 40 // each[0], 72 // each[1])
    wide = [
        F.interpolate(torch.from_numpy(plane)[None, None].double(), size=(40, 72), mode="bilinear").numpy()[
            0, 0
        ]
        for plane in (blue, red)
    ]
    found = yuv_to_rgb(luma, blue, red, LIMITED, chroma_midway=True)
    np.testing.assert_allclose(found, by_formula(luma, *wide), atol=2e-6)


def test_chroma_level_with_luma_lies_on_every_second_pixel():
    luma, blue, red = planes(6, 9, 6, 5)
    wide = [np.repeat(plane.astype(float), 2, axis=1)[:, :9] for plane in (blue, red)]
    for plane in wide:
        plane[:, 1:-1:2] = (plane[:, 0:-2:2] + plane[:, 2::2]) / 2
    found = yuv_to_rgb(luma, blue, red, LIMITED, chroma_midway=False)
    np.testing.assert_allclose(found, by_formula(luma, *wide), atol=2e-6)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (33, 65), (64, 70)])
def test_codes_of_full_chroma_come_back(size):
    codes = planes(*size, *size, seed=1)
    codes[0][:] = 128  # So that no colour is beyond what R'G'B' holds.
    rgb = yuv_to_rgb(*codes, Coding(0.299, 0.114, 0, 255, 255, 128, 255), chroma_midway=True)
    held = (rgb > 0).all(axis=0) & (rgb < 1).all(axis=0)
    again = [np.zeros_like(plane) for plane in codes]
    rgb_to_yuv(rgb, Coding(0.299, 0.114, 0, 255, 255, 128, 255), *again)
    for plane, other in zip(codes, again, strict=True):
        np.testing.assert_array_equal(plane[held], other[held])


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(34, 66), (35, 67)])
def test_chroma_is_thinned_by_the_mean_of_two_rows_and_one_two_one_across(size, kind):
    height, width = size
    rgb = np.random.default_rng(2).random((3, height, width), dtype=np.float32)
    largest = 255.0 if kind is np.uint8 else 1023.0
    coding = Coding(0.2126, 0.0722, 0, largest, largest, (largest + 1) / 2, largest)
    luma = np.zeros(size, kind)
    blue, red = np.zeros((2, (height + 1) // 2, (width + 1) // 2), kind)
    rgb_to_yuv(rgb, coding, luma, blue, red)
    double = rgb.astype(np.float64)
    grey = 0.2126 * double[0] + 0.7152 * double[1] + 0.0722 * double[2]
    assert np.abs(luma - (largest * grey).clip(0, largest)).max() < 0.501
    for plane, channel, weight in ((blue, 2, 0.0722), (red, 0, 0.2126)):
        chroma = np.pad((double[channel] - grey) / (2 * (1 - weight)), ((0, height % 2), (0, 0)), mode="edge")
        rows = np.pad((chroma[::2] + chroma[1::2]) / 2, ((0, 0), (1, 1)), mode="edge")
        thin = rows[:, :-2:2] / 4 + rows[:, 1:-1:2] / 2 + rows[:, 2::2] / 4
        assert np.abs(plane - (largest * thin + coding.centre).clip(0, largest)).max() < 0.501
