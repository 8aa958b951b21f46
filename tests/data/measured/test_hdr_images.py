import cv2
import numpy as np
import pytest
import torch

from rackfocus.data.measured.hdr_images import HDRImages
from rackfocus.data.measured.virtual_camera import SigmoidCurves, SRGBCurve, VirtualCamera
from rackfocus.optics.radiometry import srgb_to_linear
from rackfocus.types import InputError


def write_hdr(path, height, width, seed=0):
    pixels = np.exp(np.random.default_rng(seed).normal(size=(height, width, 3))).astype(np.float32)
    cv2.imwrite(str(path), pixels)


@pytest.fixture
def camera():
    return VirtualCamera(curves=SigmoidCurves())


@pytest.fixture
def root(tmp_path):
    write_hdr(tmp_path / "photo.hdr", 24, 36)
    write_hdr(tmp_path / "panorama.hdr", 64, 128)
    (tmp_path / "about.txt").touch()
    return tmp_path


def test_panoramas_give_views_and_photographs_themselves(root, camera):
    samples = HDRImages(root, camera=camera)
    assert [sample.name for sample in (samples[i] for i in range(len(samples)))] == [
        "panorama.hdr/yaw0", "panorama.hdr/yaw90", "panorama.hdr/yaw180", "panorama.hdr/yaw270", "photo.hdr",
    ]  # fmt: skip
    assert samples[0].image.shape == samples[0].radiance.shape == samples[0].clipped.shape == (3, 30, 40)
    assert samples[-1].image.shape == (3, 24, 36)
    assert [s.name for s in HDRImages(root, camera=camera, yaws_deg=())] == ["panorama.hdr", "photo.hdr"]
    with pytest.raises(IndexError):
        samples[5]


def test_a_sample_depends_on_its_file_and_the_seed_only(root, camera):
    before = HDRImages(root, camera=camera)[4]
    write_hdr(root / "a.hdr", 8, 8, seed=3)
    again = HDRImages(root, camera=camera)
    assert torch.equal(again[5].image, before.image)
    assert torch.equal(again[5].image, again[5].image)
    assert not torch.equal(HDRImages(root, camera=camera, seed=1)[5].image, before.image)


def test_bad_input(root, camera, tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        HDRImages(root / "nowhere", camera=camera)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty holds no \.hdr or \.exr"):
        HDRImages(tmp_path / "empty", camera=camera)
    with pytest.raises(InputError, match="field_of_view_deg"):
        HDRImages(root, camera=camera, field_of_view_deg=180)
    whole = (root / "panorama.hdr").read_bytes()
    (root / "panorama.hdr").write_bytes(whole[:-200])
    samples = HDRImages(root, camera=camera)
    with pytest.raises(InputError, match=r"panorama\.hdr"):
        samples[0]
    (root / "panorama.hdr").write_bytes(b"spoilt")
    samples = HDRImages(root, camera=camera)
    assert len(samples) == 2
    with pytest.raises(InputError, match=r"panorama\.hdr"):
        samples[0]
    cv2.imwrite(str(root / "photo.hdr"), np.zeros((8, 8, 3), np.float32))
    with pytest.raises(InputError, match=r"photo\.hdr is black"):
        samples[1]


def test_real_pictures(shared):
    camera = VirtualCamera(curves=SRGBCurve(), noise=0.0)
    panoramas = HDRImages(shared / "data" / "hdr" / "polyhaven_hdri", camera=camera)
    photographs = HDRImages(shared / "data" / "hdr" / "openexr_photos", camera=camera)
    assert len(panoramas) == 16
    assert [sample.name for sample in photographs] == ["Desk.exr", "StillLife.exr"]
    for sample in [panoramas[1], panoramas[6], *photographs]:
        assert 0.049 < sample.clipped.float().mean() < 0.16
        kept = ~sample.clipped
        error = (srgb_to_linear(sample.image) - sample.radiance).abs()[kept]
        assert error.max() < 0.5 / 255 * 2.3  # half a code at the steepest of the decoding, near white
        assert sample.radiance.max() > 2
