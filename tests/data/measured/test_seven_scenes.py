import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from rackfocus.data.measured.rigid_flow import rigid_flow
from rackfocus.data.measured.seven_scenes import SevenScenes
from rackfocus.types import InputError

POSE = np.array([[0, -1, 0, 0.5], [1, 0, 0, -2], [0, 0, 1, 3], [0, 0, 0, 1]], float)


def write_frame(folder, number, size=(6, 8)):
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"frame-{number:06d}"
    cv2.imwrite(f"{stem}.color.png", np.full((*size, 3), number, np.uint8))
    depth = np.full(size, 1500, np.uint16)
    depth[0, :2] = 0, 65535
    cv2.imwrite(f"{stem}.depth.png", depth)
    lines = ["\t ".join(f"{value:.7e}" for value in row) for row in POSE]
    (folder / f"frame-{number:06d}.pose.txt").write_text("\t\n".join(lines) + "\t\n")


@pytest.fixture
def root(tmp_path):
    for sequence, frames in (("seq-01", 5), ("seq-02", 2)):
        for number in range(frames):
            write_frame(tmp_path / "chess" / sequence, number)
    return tmp_path


def test_clips_of_each_sequence(root):
    samples = SevenScenes(root, clip_frames=3)
    assert [(sample.name, len(sample.images)) for sample in samples] == [
        ("seq-01/frame-000000..000002", 3),
        ("seq-01/frame-000003..000004", 2),
        ("seq-02/frame-000000..000001", 2),
    ]
    clip = samples[1]
    assert [round(image.mean().item() * 255) for image in clip.images] == [3, 4]
    assert clip.depth[0, 0, 0, :3].tolist() == [0.0, 0.0, 1.5]
    assert torch.equal(clip.valid, clip.depth > 0)
    assert torch.equal(clip.cameras[1].camera_to_world, torch.from_numpy(POSE).float())
    assert clip.cameras[0].intrinsics.tolist() == [[585, 0, 320], [0, 585, 240], [0, 0, 1]]
    with pytest.raises(IndexError):
        samples[3]


def test_intrinsics_beside_the_frames(root):
    path = root / "chess" / "seq-02" / "camera-intrinsics.txt"
    path.write_text("500 0 3.5\n0 501 2.5\n0 0 1\n\n")
    clip = SevenScenes(root / "chess" / "seq-02")[0]
    assert clip.cameras[0].intrinsics.tolist() == [[500, 0, 3.5], [0, 501, 2.5], [0, 0, 1]]
    for content in ("500 0\n0 501\n", "nonsense", "0 0 0\n0 0 0\n0 0 1\n", "1 2 3\n1 2\n1 2 3\n"):
        path.write_text(content)
        with pytest.raises(InputError, match=r"camera-intrinsics\.txt"):
            SevenScenes(root / "chess" / "seq-02")[0]


def test_bad_folders(root, tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        SevenScenes(root / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty holds no frame-<n>\.color\.png"):
        SevenScenes(tmp_path / "empty")
    with pytest.raises(InputError, match="clip_frames"):
        SevenScenes(root, clip_frames=0)


@pytest.mark.parametrize("kind", ["color.png", "depth.png", "pose.txt"])
def test_broken_and_missing_files_are_named(root, kind):
    path = root / "chess" / "seq-02" / f"frame-000001.{kind}"
    path.write_bytes(b"\xff spoilt")
    with pytest.raises(InputError, match=rf"frame-000001\.{kind}"):
        SevenScenes(root)[1]
    path.unlink()
    with pytest.raises(InputError, match=rf"frame-000001\.{kind} is missing"):
        SevenScenes(root)[1]


@pytest.mark.parametrize("change", [("-2.0000000e+00", "inf"), ("1.0", "2.0"), ("-1.0", "1.0")])
def test_poses_that_are_not_rigid_are_refused(root, change):
    path = root / "chess" / "seq-01" / "frame-000000.pose.txt"
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(InputError, match=r"frame-000000\.pose\.txt holds no rigid pose"):
        SevenScenes(root)[0]


def test_wrong_sizes_are_named(root):
    folder = root / "chess" / "seq-01"
    cv2.imwrite(str(folder / "frame-000001.depth.png"), np.ones((3, 4), np.uint16))
    with pytest.raises(InputError, match=r"frame-000001\.depth\.png is 4x3"):
        SevenScenes(root)[0]
    write_frame(folder, 1, size=(3, 4))
    with pytest.raises(InputError, match=r"frame-000001\.color\.png is 4x3"):
        SevenScenes(root)[0]


@pytest.mark.parametrize(("i", "j", "gain"), [(0, 1, 0.9), (0, 5, 0.75), (10, 20, 0.4)])
def test_real_poses_and_depth_find_other_frames(shared, i, j, gain):
    (clip,) = SevenScenes(shared / "data" / "depth" / "rgbd_video_7scenes", clip_frames=30)
    flow, known = rigid_flow(clip.depth[i], clip.cameras[i], clip.cameras[j])
    height, width = flow.shape[-2:]
    x, y = torch.arange(width) + flow[0], torch.arange(height)[:, None] + flow[1]
    where = known[0] & (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    grid = torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], -1)
    warped = F.grid_sample(clip.images[j][None], grid[None], align_corners=True)[0]
    before = (clip.images[i] - clip.images[j]).abs().mean(0)[where].mean()
    after = (clip.images[i] - warped).abs().mean(0)[where].mean()
    assert after < gain * before
