import cv2
import numpy as np
import pytest
import torch

from rackfocus.data.gaze.fixation_stills import FixationStills
from rackfocus.types import InputError


@pytest.fixture
def root(tmp_path):
    (tmp_path / "stimuli").mkdir()
    (tmp_path / "fixmaps").mkdir()
    for number, name in enumerate(("one.png", "two.jpeg", "without.png")):
        cv2.imwrite(str(tmp_path / "stimuli" / name), np.full((30, 40, 3), 50 * number, np.uint8))
    looked = np.zeros((30, 40), np.uint8)
    looked[9:12, 29:32] = 200
    looked[20, 5] = 255
    cv2.imwrite(str(tmp_path / "fixmaps/one.png"), looked)
    cv2.imwrite(str(tmp_path / "fixmaps/two_fixMap.jpg"), looked)
    return tmp_path


def test_a_photograph_is_a_clip_in_which_nothing_happens(root):
    stills = FixationStills(root, frames=4, longer_side_px=40)
    assert [still.name for still in (stills[0], stills[1])] == ["one/000000", "two/000000"]
    assert len(stills) == 2
    clip = stills[0]
    assert clip.frames.shape == (4, 3, 30, 40)
    assert clip.targets == ()
    assert not clip.is_new_target.any()
    assert clip.times_s == pytest.approx([0, 1 / 6, 2 / 6, 3 / 6])
    torch.testing.assert_close(clip.fixation_maps.sum((1, 2, 3)), torch.ones(4))
    # One region: the larger of the two.
    assert clip.focus_regions[0, 0, 9:12, 29:32].sum() == pytest.approx(1)


def test_parts_of_a_folder(root):
    assert len(FixationStills(root, last=1)) == 1
    assert FixationStills(root, first=1)[0].name == "two/000000"


def test_a_real_folder(shared):
    clip = FixationStills(shared / "data/gaze_saliency/mit1003", frames=2)[3]
    assert max(clip.frames.shape[2:]) == 160
    torch.testing.assert_close(clip.focus_regions.sum((1, 2, 3)), torch.ones(2))


def test_a_folder_without_maps_is_one_sentence(root):
    for path in (root / "fixmaps").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="holds no photograph"):
        FixationStills(root)
