import cv2
import numpy as np
import pytest
import torch

from rackfocus.data.measured.nyuv2 import NYUv2
from rackfocus.types import InputError


@pytest.fixture
def root(tmp_path):
    for scene, number in (("kitchen_0001", "00000"), ("bedroom_0002", "00045")):
        folder = tmp_path / scene
        folder.mkdir()
        picture = np.full((480, 640, 3), 255, np.uint8)
        picture[45:471, 41:601] = (0, 128, 255)
        cv2.imwrite(str(folder / f"rgb_{number}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 100])
        depth = np.full((480, 640), 2000, np.uint16)
        depth[45, 41], depth[46, 41] = 500, 0
        cv2.imwrite(str(folder / f"sync_depth_{number}.png"), depth)
    return tmp_path


def test_inverse_depth_without_the_border(root):
    samples = NYUv2(root)
    assert [sample.name for sample in samples] == ["bedroom_0002/rgb_00045", "kitchen_0001/rgb_00000"]
    sample = samples[0]
    assert sample.image.shape == (3, 426, 560)
    assert sample.image[2, 4:-4, 4:-4].max() < 0.1  # no white frame
    assert sample.disparity[0, :3, 0].tolist() == [2.0, 0.0, 0.5]
    assert sample.valid[0, :3, 0].tolist() == [True, False, True]
    assert sample.unit == "1/m"
    assert len(NYUv2(root / "kitchen_0001")) == 1
    with pytest.raises(IndexError):
        samples[2]


def test_bad_input(root, tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        NYUv2(root / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty holds no rgb_<n>\.jpg"):
        NYUv2(tmp_path / "empty")
    samples = NYUv2(root / "kitchen_0001")
    depth = root / "kitchen_0001" / "sync_depth_00000.png"
    whole = depth.read_bytes()
    cv2.imwrite(str(depth), np.zeros((240, 640), np.uint16))
    with pytest.raises(InputError, match=r"sync_depth_00000\.png is 640x240"):
        samples[0]
    cv2.imwrite(str(depth), np.zeros((480, 640), np.uint8))
    with pytest.raises(InputError, match=r"sync_depth_00000\.png must be a 16-bit"):
        samples[0]
    depth.unlink()
    with pytest.raises(InputError, match=r"sync_depth_00000\.png is missing"):
        samples[0]
    depth.write_bytes(whole)
    picture = root / "kitchen_0001" / "rgb_00000.jpg"
    cv2.imwrite(str(picture), np.zeros((48, 64, 3), np.uint8))
    with pytest.raises(InputError, match=r"rgb_00000\.jpg must be 640x480"):
        samples[0]
    picture.write_bytes(b"spoilt")
    with pytest.raises(InputError, match=r"rgb_00000\.jpg"):
        samples[0]
    picture.unlink()
    with pytest.raises(InputError, match=r"rgb_00000\.jpg is missing"):
        NYUv2(root / "kitchen_0001")[0]


def test_real_frames(shared):
    samples = NYUv2(shared / "data" / "depth" / "nyuv2_basement")
    assert len(samples) == 3
    for sample in samples:
        border = torch.cat([sample.image[:, 0], sample.image[:, -1]], -1).amin(0)
        assert border.median() < 0.9
        depth = 1 / sample.disparity[sample.valid]
        assert 0.5 < depth.min() < depth.max() < 9
        assert sample.valid.float().mean() > 0.84
