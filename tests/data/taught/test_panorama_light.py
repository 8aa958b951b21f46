import cv2
import numpy as np
import pytest
import torch

from rackfocus.data.measured.virtual_camera import SRGBCurve, VirtualCamera
from rackfocus.data.taught.panorama_light import PanoramaLight, repair_suns
from rackfocus.optics.radiometry import linear_to_srgb
from rackfocus.types import InputError


@pytest.fixture
def root(tmp_path):
    for name, seed in (("a", 0), ("b", 1)):
        pixels = np.exp(np.random.default_rng(seed).normal(size=(64, 128, 3))).astype(np.float32)
        cv2.imwrite(str(tmp_path / f"{name}.hdr"), pixels)
    cv2.imwrite(str(tmp_path / "photo.hdr"), np.ones((8, 8, 3), np.float32))
    return tmp_path


@pytest.fixture
def camera():
    return VirtualCamera(curves=SRGBCurve(), clipped_share=(0.01, 0.15), noise=0.0)


def test_the_image_is_the_light_clipped(root, camera):
    views = PanoramaLight(root, camera=camera, size=(32, 64), length=10)
    assert [views[index].name for index in range(3)] == ["a/0", "b/1", "a/2"]
    for index in range(10):
        sample = views[index]
        assert sample.image.shape == sample.radiance.shape == (3, 32, 64)
        expected = linear_to_srgb(sample.radiance.clamp(0, 1))
        torch.testing.assert_close(sample.image, expected, atol=0.5 / 255 + 1e-5, rtol=0)
        share = float((sample.radiance >= 1).float().mean())
        assert 0.009 < share < 0.16


def test_a_view_depends_on_seed_and_index_only(root, camera):
    views = PanoramaLight(root, camera=camera, size=(16, 32), length=6)
    torch.rand(5)
    again = PanoramaLight(root, camera=camera, size=(16, 32), length=6)
    assert torch.equal(views[4].image, again[-2].image)
    assert not torch.equal(views[4].image, views[2].image)
    other = PanoramaLight(root, camera=camera, size=(16, 32), length=6, seed=1)
    assert not torch.equal(views[4].image, other[4].image)
    with pytest.raises(IndexError):
        views[6]


def test_a_sun_that_lost_two_colours_becomes_grey():
    light = torch.ones(3, 10, 20)
    light[:, 3, 4] = torch.tensor([0.0, 1e-4, 900.0])
    light[:, 5, 5] = torch.tensor([300.0, 200.0, 100.0])
    whole = repair_suns(light)
    assert whole[:, 3, 4].tolist() == [900.0] * 3
    assert whole[:, 5, 5].tolist() == [300.0, 200.0, 100.0]
    light[:, 3, 4] = 900.0
    assert torch.equal(whole, light)


def test_bad_input(root, camera, tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        PanoramaLight(root / "nowhere", camera=camera, size=(8, 8))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty holds no panorama"):
        PanoramaLight(tmp_path / "empty", camera=camera, size=(8, 8))
    with pytest.raises(InputError, match="field_of_view_deg"):
        PanoramaLight(root, camera=camera, size=(8, 8), field_of_view_deg=(50, 180))
    with pytest.raises(InputError, match="size and length"):
        PanoramaLight(root, camera=camera, size=(0, 8))
    views = PanoramaLight(root, camera=camera, size=(8, 8))
    whole = (root / "a.hdr").read_bytes()
    (root / "a.hdr").write_bytes(whole[:-200])
    with pytest.raises(InputError, match=r"a\.hdr"):
        views[0]
