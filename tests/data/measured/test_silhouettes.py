import cv2
import numpy as np
import pytest

from rackfocus.data.measured.silhouettes import Silhouettes
from rackfocus.types import InputError


def write(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)


@pytest.fixture
def pictures(tmp_path):
    """Three pictures of 8x6 with a mask each, beside them."""
    for number in range(3):
        write(tmp_path / f"{number}.jpg", np.full((6, 8, 3), 40 * number, np.uint8))
        mask = np.zeros((6, 8), np.uint8)
        mask[:, number] = 255
        write(tmp_path / f"{number}_mask.png", mask)
    (tmp_path / "sources.csv").write_text("name\n")
    return tmp_path


def test_masks_beside_their_pictures(pictures):
    samples = Silhouettes(pictures)
    assert [sample.name for sample in samples] == ["0", "1", "2"]
    assert samples[2].image.shape == (3, 6, 8)
    assert samples[2].mask.shape == (1, 6, 8)
    assert samples[2].mask[0, 0].tolist() == [False, False, True] + 5 * [False]
    assert [sample.name for sample in Silhouettes(pictures, every=2)] == ["0", "2"]


def test_frames_with_masks(pictures, tmp_path):
    for number in range(3):
        (tmp_path / "video" / "frames").mkdir(parents=True, exist_ok=True)
        (tmp_path / "video" / "masks").mkdir(exist_ok=True)
        (pictures / f"{number}.jpg").rename(tmp_path / "video" / "frames" / f"{number}.jpg")
        (pictures / f"{number}_mask.png").rename(tmp_path / "video" / "masks" / f"{number}.png")
    samples = Silhouettes(tmp_path / "video")
    assert [sample.name for sample in samples] == ["0", "1", "2"]
    assert samples[1].mask.sum() == 6


def test_bad_input(pictures, tmp_path):
    with pytest.raises(InputError, match="nowhere is no folder"):
        Silhouettes(tmp_path / "nowhere")
    with pytest.raises(InputError, match="every must be 1 or more"):
        Silhouettes(pictures, every=0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty holds no picture"):
        Silhouettes(tmp_path / "empty")
    write(pictures / "0_mask.png", np.zeros((5, 8), np.uint8))
    with pytest.raises(InputError, match=r"0_mask\.png is 8x5 pixels where .*0\.jpg is 8x6"):
        Silhouettes(pictures)[0]
    (pictures / "1_mask.png").unlink()
    with pytest.raises(InputError, match=r"1_mask\.png is missing"):
        Silhouettes(pictures)[1]


@pytest.mark.parametrize(
    ("folder", "every", "count"), [("silhouettes", 1, 32), ("video/davis_bmx_trees", 8, 10)]
)
def test_real_masks(shared, folder, every, count):
    samples = Silhouettes(shared / "data" / folder, every=every)
    assert len(samples) == count
    assert all(0.002 < sample.mask.float().mean() < 0.5 for sample in samples)
