import hashlib

import cv2
import numpy as np
import pytest

from rackfocus.scenes import files
from rackfocus.types import InputError


def picture(height: int = 20, width: int = 30) -> np.ndarray:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([x / width, y / height, np.full_like(x, 0.25)], axis=-1)


def test_srgb_png_keeps_channels_and_clips(tmp_path):
    files.write_srgb(tmp_path / "a.png", picture() * 2)
    pixels = files.read_srgb(tmp_path / "a.png")
    assert pixels.max() == 1.0
    assert pixels[0, 0].tolist() == pytest.approx([0.0, 0.0, 0.7354], abs=2e-3)  # sRGB of 0.5


def test_disparity_png_is_exact_to_half_a_step(tmp_path):
    disparity = np.linspace(-128.0, 127.99, 600).reshape(20, 30)
    files.write_disparity(tmp_path / "d.png", disparity)
    assert cv2.imread(str(tmp_path / "d.png"), cv2.IMREAD_UNCHANGED)[0, 0] == 0
    assert np.abs(files.read_disparity(tmp_path / "d.png") - disparity).max() <= 1 / 512


@pytest.mark.parametrize("value", [-128.1, 128.0, np.nan, np.inf])
def test_disparity_outside_the_codes(tmp_path, value):
    with pytest.raises(InputError, match="128"):
        files.write_disparity(tmp_path / "d.png", np.full((4, 4), value))


def test_hdr_is_close_and_keeps_bright_lights(tmp_path):
    image = picture(64, 96)
    image[30:34, 40:44] = 150.0
    files.write_hdr(tmp_path / "a.exr", image)
    back = files.read_hdr(tmp_path / "a.exr")
    assert back.min() >= 0
    assert back[31, 41] == pytest.approx([150.0] * 3, rel=0.05)
    calm = np.s_[:24, :32]
    assert np.abs(back[calm] - image[calm]).max() < 0.01


def test_depth_keeps_infinity(tmp_path):
    depth = np.linspace(0.5, 60.0, 600).reshape(20, 30)
    depth[:5] = np.inf
    files.write_depth(tmp_path / "z.exr", depth)
    back = files.read_depth(tmp_path / "z.exr")
    assert np.isinf(back[:5]).all()
    np.testing.assert_allclose(back[5:], depth[5:], rtol=2e-5)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("a.png", files.read_srgb),
        ("a.png", files.read_disparity),
        ("a.exr", files.read_hdr),
        ("a.exr", files.read_depth),
    ],
)
def test_missing_and_spoilt_files_are_named(tmp_path, name, read):
    with pytest.raises(InputError, match=f"{name} is missing"):
        read(tmp_path / name)
    (tmp_path / name).write_bytes(b"not a picture")
    with pytest.raises(InputError, match=f"{name} cannot be read"):
        read(tmp_path / name)


def test_files_of_the_wrong_kind_are_named(tmp_path):
    files.write_srgb(tmp_path / "a.png", picture())
    files.write_hdr(tmp_path / "a.exr", picture())
    files.write_disparity(tmp_path / "d.png", np.zeros((4, 4)))
    files.write_depth(tmp_path / "z.exr", np.ones((4, 4)))
    with pytest.raises(InputError, match="16-bit"):
        files.read_disparity(tmp_path / "a.png")
    with pytest.raises(InputError, match="8-bit"):
        files.read_srgb(tmp_path / "d.png")
    with pytest.raises(InputError, match="channel Z"):
        files.read_depth(tmp_path / "a.exr")
    with pytest.raises(InputError, match="R, G and B"):
        files.read_hdr(tmp_path / "z.exr")


def test_checksums_list_data_and_no_drafts(tmp_path):
    for name in ("train/0000/a.txt", "train/.0001.7/b.txt", "README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    lines = files.write_checksums(tmp_path).read_text().splitlines()
    assert lines == [f"{hashlib.sha256(b'train/0000/a.txt').hexdigest()}  train/0000/a.txt"]
