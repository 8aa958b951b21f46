import cv2
import numpy as np
import OpenEXR
import pytest
import torch

from rackfocus.data.hdr_picture import read_radiance
from rackfocus.reading.pictures import picture_size
from rackfocus.types import InputError


def write_exr(path, **channels):
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    with OpenEXR.File(header, channels) as file:
        file.write(str(path))


@pytest.fixture
def radiance():
    powers = np.random.default_rng(0).integers(-4, 10, (6, 8, 1))
    return (np.ldexp(1.0, powers) * np.array([1.0, 0.5, 0.75])).astype(
        np.float32
    )  # exact in RGBE and in half


def test_hdr_and_exr_are_exact(tmp_path, radiance):
    cv2.imwrite(str(tmp_path / "a.hdr"), radiance[..., ::-1])
    write_exr(tmp_path / "a.exr", RGBA=np.concatenate([radiance, radiance[..., :1]], -1).astype(np.float16))
    want = torch.from_numpy(radiance.transpose(2, 0, 1).copy())
    for name in ("a.hdr", "a.exr"):
        assert torch.equal(read_radiance(tmp_path / name), want)
        assert picture_size(tmp_path / name) == (6, 8)


def test_values_out_of_range(tmp_path):
    write_exr(tmp_path / "a.exr", RGB=np.array([[[-1.0, np.inf, 2.0]]], np.float32))
    assert read_radiance(tmp_path / "a.exr").flatten().tolist() == [0.0, 65504.0, 2.0]
    write_exr(tmp_path / "a.exr", RGB=np.array([[[np.nan, 1.0, 2.0]]], np.float32))
    with pytest.raises(InputError, match=r"a\.exr holds values that are no numbers"):
        read_radiance(tmp_path / "a.exr")


@pytest.mark.parametrize("name", ["a.hdr", "a.exr"])
def test_broken_files_are_named(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(InputError, match=f"{name} is missing"):
        read_radiance(path)
    big = np.random.default_rng(0).uniform(0, 9, (64, 64, 3)).astype(np.float32)
    cv2.imwrite(str(path), big) if name == "a.hdr" else write_exr(path, RGB=big)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], whole[:-40], b"spoilt", b""):
        path.write_bytes(content)
        with pytest.raises(InputError, match=name):
            read_radiance(path)
    assert picture_size(path) is None


def test_exr_without_colour(tmp_path):
    write_exr(tmp_path / "z.exr", Z=np.zeros((4, 4), np.float32))
    with pytest.raises(InputError, match=r"z\.exr must have channels R, G and B"):
        read_radiance(tmp_path / "z.exr")
