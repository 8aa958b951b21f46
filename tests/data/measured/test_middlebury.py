import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from rackfocus.data.measured.middlebury import Middlebury, read_pfm
from rackfocus.types import InputError
from rackfocus.video.stills import read_picture

TRUTH = np.array([[1.5, 2.25, np.inf], [40.0, 0.125, 7.0]], np.float32)


def write_picture(path, height=2, width=3):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    cv2.imwrite(str(path), pixels)
    return torch.from_numpy(pixels[..., ::-1].transpose(2, 0, 1).astype(np.float32) / 255)


def write_pfm(path, pixels, *, big=False):
    height, width = pixels.shape
    header = f"Pf\n{width} {height}\n{'' if big else '-'}1\n".encode()
    path.write_bytes(header + pixels[::-1].astype(">f4" if big else "<f4").tobytes())


def scene_2014(folder):
    image = write_picture(folder / "im0.png")
    write_picture(folder / "im1.png")
    write_pfm(folder / "disp0.pfm", TRUTH)
    (folder / "calib.txt").write_text("cam0=[3 0 1; 0 3 1; 0 0 1]\nwidth=3\nheight=2\nndisp=50\n")
    return image


@pytest.mark.parametrize("big", [False, True])
def test_pfm_of_either_byte_order_is_read_from_the_bottom(tmp_path, big):
    write_pfm(tmp_path / "a.pfm", TRUTH, big=big)
    assert torch.equal(read_pfm(tmp_path / "a.pfm"), torch.from_numpy(TRUTH)[None])


def test_pfm_bytes_by_hand(tmp_path):
    """One column: 1 below 2, little-endian, with a byte 0x0a among the pixels and carriage returns."""
    path = tmp_path / "a.pfm"
    path.write_bytes(b"Pf\r\n1 2\r\n-1.0\r\n" + b"\x00\x00\x80\x3f" + b"\x00\x00\x00\x40")
    assert read_pfm(path).tolist() == [[[2.0], [1.0]]]
    path.write_bytes(b"Pf\n1 1\n1.0\n" + b"\x0a\x0a\x0a\x0a")
    assert read_pfm(path).item() == pytest.approx(np.frombuffer(b"\x0a" * 4, ">f4").item())


@pytest.mark.parametrize(
    "content",
    [
        b"", b"Pf", b"Pf\n3 2\n-1\n" + bytes(23), b"Pf\n3 2\n-1\n" + bytes(25), b"PF\n3 2\n-1\n" + bytes(72),
        b"Pf\n3 2\n0\n" + bytes(24), b"Pf\n0 2\n-1\n", b"Pf\n3\n-1\n" + bytes(24),
        b"Pf\n3 2\nx\n" + bytes(24), b"P5\n3 2\n255\n",
    ],
)  # fmt: skip
def test_broken_pfm_is_named(tmp_path, content):
    (tmp_path / "disp0.pfm").write_bytes(content)
    with pytest.raises(InputError, match=r"disp0\.pfm"):
        read_pfm(tmp_path / "disp0.pfm")


def test_scenes_of_2014(tmp_path):
    image = scene_2014(tmp_path / "Adirondack-perfect")
    scene_2014(tmp_path / "more" / "Bike-perfect")
    samples = Middlebury(tmp_path)
    assert [sample.name for sample in samples] == ["Adirondack-perfect", "Bike-perfect"]
    sample = samples[0]
    assert torch.equal(sample.image, image)
    assert sample.valid.tolist() == [[[True, True, False], [True, True, True]]]
    assert sample.disparity.tolist() == [[[1.5, 2.25, 0.0], [40.0, 0.125, 7.0]]]
    assert sample.unit == "stereo px"
    assert Middlebury(tmp_path / "Adirondack-perfect")[0].name == "Adirondack-perfect"
    with pytest.raises(IndexError):
        samples[2]


def test_scenes_of_2003(tmp_path):
    folder = tmp_path / "teddy"
    for name in ("im2.png", "im6.png"):
        write_picture(folder / name)
    codes = np.array([[0, 4, 255], [10, 100, 1]], np.uint8)
    for name in ("disp2.png", "disp6.png"):
        cv2.imwrite(str(folder / name), codes)
    sample = Middlebury(tmp_path)[0]
    assert sample.disparity.tolist() == [[[0.0, 1.0, 63.75], [2.5, 25.0, 0.25]]]
    assert sample.valid.flatten().tolist() == [False, True, True, True, True, True]
    assert Middlebury(tmp_path, scale_2003=1)[0].disparity.max() == 255


def test_scenes_of_2005(tmp_path):
    folder = tmp_path / "Books"
    images = [write_picture(folder / f"view{view}.png") for view in (1, 5)]
    codes = np.array([[0, 3, 255], [30, 150, 1]], np.uint8)
    for flipped, name in enumerate(("disp1.png", "disp5.png")):
        cv2.imwrite(str(folder / name), codes[:, ::-1] if flipped else codes)
    left, right = Middlebury(tmp_path)
    assert (left.name, right.name) == ("Books/view1", "Books/view5")
    assert torch.equal(left.image, images[0])
    torch.testing.assert_close(left.disparity, torch.tensor([[[0, 1, 85], [10, 50, 1 / 3]]]))
    torch.testing.assert_close(right.disparity, left.disparity.flip(-1))
    assert left.valid.flatten().tolist() == [False, True, True, True, True, True]
    assert Middlebury(tmp_path, scale_2005=1)[0].disparity.max() == 255
    with pytest.raises(InputError, match="scale_2005"):
        Middlebury(tmp_path, scale_2005=0)
    (folder / "disp5.png").unlink()
    with pytest.raises(InputError, match=r"disp5\.png is missing"):
        Middlebury(tmp_path)[1]


def test_repacked_scenes(tmp_path):
    write_picture(tmp_path / "motor_left.png")
    np.savez(tmp_path / "motor_disp.npz", TRUTH)
    write_picture(tmp_path / "cones_left.png")
    cv2.imwrite(str(tmp_path / "cones_gt.png"), np.array([[0, 5, 6], [7, 8, 9]], np.uint8))
    cv2.imwrite(str(tmp_path / "cones_mask.png"), np.array([[255, 255, 0], [255, 255, 255]], np.uint8))
    cones, motor = Middlebury(tmp_path)
    assert (cones.name, motor.name) == (f"{tmp_path.name}/cones", f"{tmp_path.name}/motor")
    assert cones.disparity.tolist() == [[[0, 5, 0], [7, 8, 9]]]
    assert cones.valid.tolist() == [[[False, True, False], [True, True, True]]]
    assert motor.valid.sum() == 5


def test_bad_input(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        Middlebury(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no Middlebury scene"):
        Middlebury(tmp_path)
    with pytest.raises(InputError, match="scale_2003"):
        Middlebury(tmp_path, scale_2003=0)
    folder = tmp_path / "scene"
    scene_2014(folder)
    samples = Middlebury(tmp_path)
    write_pfm(folder / "disp0.pfm", TRUTH[:1])
    with pytest.raises(InputError, match=r"disp0\.pfm is 3x1 pixels where .*im0\.png is 3x2"):
        samples[0]
    (folder / "disp0.pfm").unlink()
    with pytest.raises(InputError, match=r"disp0\.pfm is missing"):
        Middlebury(tmp_path)[0]
    write_pfm(folder / "disp0.pfm", TRUTH)
    (folder / "im0.png").unlink()
    with pytest.raises(InputError, match=r"im0\.png is missing"):
        Middlebury(tmp_path)[0]


def test_bad_input_of_repacked_scenes(tmp_path):
    write_picture(tmp_path / "a_left.png")
    samples = Middlebury(tmp_path)
    with pytest.raises(InputError, match=r"a_disp\.npz is missing"):
        samples[0]
    (tmp_path / "a_disp.npz").write_bytes(b"PK\x03\x04spoilt")
    with pytest.raises(InputError, match=r"a_disp\.npz cannot be read"):
        samples[0]
    np.savez(tmp_path / "a_disp.npz", other=TRUTH)
    with pytest.raises(InputError, match=r"a_disp\.npz cannot be read"):
        samples[0]
    np.savez(tmp_path / "a_disp.npz", TRUTH)
    cv2.imwrite(str(tmp_path / "a_mask.png"), np.zeros((4, 4), np.uint8))
    with pytest.raises(InputError, match=r"a_mask\.png is 4x4"):
        samples[0]


@pytest.mark.parametrize(("scene", "before", "after"), [("motorcycle", 25, 9), ("cones", 30, 8)])
def test_real_disparity_finds_the_right_picture(shared, scene, before, after):
    folder = shared / "data" / "depth" / f"middlebury_{scene}"
    (sample,) = Middlebury(folder)
    right = read_picture(folder / f"{scene}_right.png")
    height, width = right.shape[-2:]
    x = torch.arange(width) - sample.disparity[0]
    grid = torch.stack([2 * x / (width - 1) - 1, torch.linspace(-1, 1, height)[:, None].expand_as(x)], -1)
    warped = F.grid_sample(right[None], grid[None], align_corners=True)[0]
    seen = sample.valid[0] & (x >= 0)
    assert (sample.image - right).abs().mean(0)[seen].mean() * 255 > before
    assert (sample.image - warped).abs().mean(0)[seen].mean() * 255 < after


@pytest.mark.parametrize("scene", ["Books", "Laundry", "Reindeer"])
def test_real_disparity_of_either_view_finds_the_other(shared, scene):
    left, right = Middlebury(shared / "data" / "depth" / "middlebury_2005" / scene)
    for sample, other, sign in ((left, right, -1), (right, left, 1)):
        height, width = other.image.shape[-2:]
        x = torch.arange(width) + sign * sample.disparity[0]
        grid = torch.stack([2 * x / (width - 1) - 1, torch.linspace(-1, 1, height)[:, None].expand_as(x)], -1)
        warped = F.grid_sample(other.image[None], grid[None], align_corners=True)[0]
        seen = sample.valid[0] & (x >= 0) & (x <= width - 1)
        before = (sample.image - other.image).abs().mean(0)[seen].mean()
        assert (sample.image - warped).abs().mean(0)[seen].mean() < 0.5 * before
