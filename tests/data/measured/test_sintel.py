import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from rackfocus.data.measured.sintel import Sintel
from rackfocus.types import InputError
from rackfocus.video.flow.files import read_flow
from rackfocus.video.stills import read_picture

SIZE = (4, 6)


def write_png(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)


def write_flo(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    flow = np.full((*SIZE, 2), value, "<f4")
    path.write_bytes(b"PIEH" + np.array([SIZE[1], SIZE[0]], "<i4").tobytes() + flow.tobytes())


@pytest.fixture
def root(tmp_path):
    """Two scenes of three and two frames, in the published layout."""
    training = tmp_path / "training"
    for scene, frames in (("alley_1", 3), ("bamboo_2", 2)):
        for number in range(1, frames + 1):
            name = f"{scene}/frame_{number:04d}"
            for rendering, shade in (("clean", 10), ("final", 100)):
                write_png(training / rendering / f"{name}.png", np.full((*SIZE, 3), shade + number, np.uint8))
            invalid = np.zeros(SIZE, np.uint8)
            invalid[0, 0] = 255
            write_png(training / "invalid" / f"{name}.png", invalid)
            if number < frames:
                write_png(training / "occlusions" / f"{name}.png", invalid[::-1])
                write_flo(training / "flow" / f"{name}.flo", float(number))
    return tmp_path


def test_published_layout(root):
    samples = Sintel(root)
    assert [sample.name for sample in samples] == [
        "alley_1/frame_0001", "alley_1/frame_0002", "bamboo_2/frame_0001",
    ]  # fmt: skip
    sample = samples[1]
    assert torch.all(sample.first == 12 / 255)
    assert torch.all(sample.second == 13 / 255)
    assert torch.all(sample.flow == 2)
    assert (~sample.valid).nonzero().tolist() == [[0, 0, 0]]
    assert sample.occluded.nonzero().tolist() == [[0, 3, 0]]
    assert torch.all(Sintel(root, rendering="final")[0].first == 101 / 255)
    with pytest.raises(IndexError):
        samples[3]


def test_loose_scene(tmp_path):
    loose = tmp_path / "loose"
    for number in (2, 3, 4):
        write_png(loose / "clean" / f"frame_{number:04d}.png", np.full((*SIZE, 3), number, np.uint8))
    write_flo(loose / "gt_frame_0002.flo", 0.5)
    for name in ("occlusions", "invalid"):
        write_png(loose / f"{name}_0002.png", np.zeros(SIZE, np.uint8))
    (sample,) = Sintel(loose)
    assert sample.name == "loose/frame_0002"
    assert torch.all(sample.second == 3 / 255)
    assert sample.valid.all()


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("flow", "frame_0001.flo"), ("occlusions", "frame_0001.png"), ("invalid", "frame_0001.png"),
        ("clean", "frame_0001.png"), ("clean", "frame_0002.png"),
    ],
)  # fmt: skip
def test_broken_and_missing_files_are_named(root, folder, name):
    path = root / "training" / folder / "bamboo_2" / name
    whole = path.read_bytes()
    for content in (b"spoilt", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(InputError, match=f"{folder}/bamboo_2/{name}"):
            Sintel(root)[2]
    path.unlink()
    with pytest.raises(InputError, match=f"{folder}/bamboo_2/{name} is missing"):
        Sintel(root)[2]


@pytest.mark.parametrize("folder", ["occlusions", "invalid"])
def test_wrong_size_masks_are_named(root, folder):
    write_png(root / "training" / folder / "alley_1" / "frame_0001.png", np.zeros((2, 2), np.uint8))
    with pytest.raises(InputError, match=f"{folder}/alley_1/frame_0001.png is 2x2"):
        Sintel(root)[0]


def test_bad_folders(root, tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        Sintel(root / "nowhere")
    with pytest.raises(InputError, match="rendering"):
        Sintel(root, rendering="albedo")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty"):
        Sintel(tmp_path / "empty")


def warped(second, flow):
    height, width = flow.shape[-2:]
    x = torch.arange(width) + flow[0]
    y = torch.arange(height)[:, None] + flow[1]
    grid = torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], -1)
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return F.grid_sample(second[None], grid[None], align_corners=True)[0], inside


def grey_levels(one, other, where):
    return (one - other).abs().mean(0)[where].mean().item() * 255


def test_real_flow_finds_the_next_frame(shared):
    """SOURCE.txt states 9.37 -> 1.92."""
    (sample,) = Sintel(shared / "data" / "flow" / "sintel_easy")
    second, inside = warped(sample.second, sample.flow)
    where = inside & sample.valid[0] & ~sample.occluded[0]
    assert grey_levels(sample.first, sample.second, where) == pytest.approx(9.37, abs=0.1)
    assert grey_levels(sample.first, second, where) == pytest.approx(1.92, abs=0.05)
    assert grey_levels(sample.first, second, sample.occluded[0]) > 20


def test_real_flow_of_middlebury(shared):
    """SOURCE.txt states 5.71 -> 1.40."""
    folder = shared / "data" / "flow" / "middlebury_rubberwhale"
    first, second = (read_picture(folder / f"RubberWhale{n}.png") for n in (1, 2))
    flow, known = read_flow(folder / "flow_gt.flo")
    after, inside = warped(second, flow)
    where = known[0] & inside
    assert grey_levels(first, second, where) == pytest.approx(5.71, abs=0.05)
    assert grey_levels(first, after, where) == pytest.approx(1.40, abs=0.05)
