"""Subjects: what is cut out, what is refused, and where the step of nearness lies once they are set."""

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from rackfocus.data.preparation.cut_out_making import CutOutRules, cut_out
from rackfocus.data.taught.cut_outs import Card, CutOuts, is_cropped, lay, matched, placed
from rackfocus.data.taught.samples import NearnessSample
from rackfocus.types import InputError

RED, BLUE = (200, 20, 20), (20, 20, 200)


def disk(height=120, width=160, centre=(80, 60), radius=45):
    """A red disk before blue, and a mask that knows it, but for a soft pixel at its edge."""
    mask = np.zeros((height, width), np.float32)
    cv2.circle(mask, centre, radius, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.7)
    mixed = mask[..., None] * np.array(RED) + (1 - mask[..., None]) * np.array(BLUE)
    return np.round(mixed).astype(np.uint8), mask


def test_a_disk_is_cut_out_without_its_background():
    picture, mask = disk()
    pixels = cut_out(picture, mask, CutOutRules())
    assert isinstance(pixels, np.ndarray)
    rows, columns = pixels.shape[:2]
    assert abs(rows - 91) <= 1
    assert abs(columns - 91) <= 1
    # Every colour is the disk's, also where alpha is soft, and alpha ends inside the mask.
    assert (pixels[..., :3] == RED).all()
    assert pixels[rows // 2, columns // 2, 3] == 255
    area = (pixels[..., 3] > 127).sum()
    assert 0.9 * np.pi * 44**2 < area < np.pi * 45**2
    assert not is_cropped(pixels)


def test_what_the_lower_edge_crops_stays_whole_there():
    picture, mask = disk(centre=(80, 80), radius=48)
    pixels = cut_out(picture, mask, CutOutRules())
    assert isinstance(pixels, np.ndarray)
    assert pixels[-1, pixels.shape[1] // 2, 3] == 255
    assert is_cropped(pixels)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"radius": 8}, "it fills"),
        ({"centre": (0, 60)}, "cut off by the edge"),
        ({"centre": (80, 0)}, "cut off by the edge"),
        ({"radius": 34}, "it is small"),
    ],
)
def test_what_is_refused(change, reason):
    picture, mask = disk(**change)
    found = cut_out(picture, mask, CutOutRules())
    assert isinstance(found, str)
    assert reason in found


def test_a_vague_or_scattered_mask_is_refused():
    picture, mask = disk()
    assert "unsure" in cut_out(picture, 0.6 * mask, CutOutRules())
    cv2.circle(mask, (150, 10), 9, 1.0, -1)
    assert "several pieces" in cut_out(picture, mask, CutOutRules())
    star = np.zeros((120, 160), np.float32)
    cv2.rectangle(star, (20, 55), (140, 65), 1.0, -1)
    cv2.rectangle(star, (75, 5), (85, 115), 1.0, -1)
    assert "not solid" in cut_out(picture, star, CutOutRules())


class Plain(Dataset):
    """Grey, nearer below."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        ramp = torch.linspace(0, 1, 60)[:, None].expand(1, 60, 80).contiguous()
        return NearnessSample(f"plain{index}", torch.full((3, 60, 80), 0.5), ramp)


@pytest.fixture
def root(tmp_path):
    picture, mask = disk()
    folder = tmp_path / "photos"
    folder.mkdir()
    pixels = cut_out(picture, mask, CutOutRules())
    cv2.imwrite(str(folder / "disk.png"), cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA))
    return tmp_path


def test_the_card_is_in_front_and_its_edge_is_a_step(root):
    cut_outs = CutOuts(root, backgrounds=Plain(), most=1, length=40)
    grey = Plain()[0]
    for index in range(40):
        sample = cut_outs[index]
        changed = (sample.nearness != grey.nearness)[0]
        assert changed.any()
        # In front of all that it covers, by at least the least step.
        assert sample.nearness[0][changed].min() >= grey.nearness[0][changed].max() + 0.03 - 1e-6
        # The image changes where the label does, but for the soft edge outside.
        painted = ((sample.image - 0.5).abs().amax(0) > 0.02).numpy().astype(np.uint8)
        assert (painted[changed.numpy()]).mean() > 0.98
        near = cv2.dilate(changed.numpy().astype(np.uint8), np.ones((9, 9), np.uint8))
        assert not (painted & (1 - near)).any()


def test_a_composition_depends_on_seed_and_index_only(root):
    once, again = (CutOuts(root, backgrounds=Plain(), length=8, seed=seed) for seed in (1, 1))
    torch.rand(3)
    np.random.default_rng().random()
    assert torch.equal(once[3].image, again[3].image)
    assert torch.equal(once[3].nearness, again[-5].nearness)
    assert not torch.equal(once[3].image, once[4].image)
    assert not torch.equal(once[3].image, CutOuts(root, backgrounds=Plain(), length=8, seed=2)[3].image)
    with pytest.raises(IndexError):
        once[8]


def test_later_cards_hide_earlier_ones():
    nearness, image = np.zeros((20, 20), np.float32), np.zeros((20, 20, 3), np.uint8)
    card = Card(np.full((10, 10, 4), 255, np.uint8), 5, 5)
    rng = np.random.default_rng(0)
    lay(card, image, nearness, rng)
    first = nearness.copy()
    lay(card, image, nearness, rng)
    assert (nearness[5:15, 5:15] >= first[5:15, 5:15].max() + 0.03 - 1e-6).all()
    assert (nearness > 0).sum() == 100
    assert (image > 0).all(axis=2).sum() == 100


def test_cards_stay_within_the_picture():
    pixels = np.full((50, 30, 4), 255, np.uint8)
    for seed in range(50):
        card = placed(pixels, (40, 60), np.random.default_rng(seed))
        assert card.top >= 0
        assert card.top + card.pixels.shape[0] == 40  # It was cropped below, so it is again.
        assert card.left >= 0
        assert card.left + card.pixels.shape[1] <= 60


def test_brightness_comes_nearer_to_the_background():
    card = Card(np.dstack([np.full((8, 8, 3), 40, np.uint8), np.full((8, 8), 255, np.uint8)]), 0, 0)
    bright = np.full((8, 8, 3), 200, np.uint8)
    for seed in range(10):
        values = matched(card, bright, np.random.default_rng(seed)).pixels[..., :3]
        assert values.min() >= 40
        assert values.max() <= 200


def test_bad_cut_outs(root, tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        CutOuts(tmp_path / "nowhere", backgrounds=Plain())
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no cut-out"):
        CutOuts(tmp_path / "empty", backgrounds=Plain())
    with pytest.raises(InputError, match="most and length"):
        CutOuts(root, backgrounds=Plain(), most=0)
    cv2.imwrite(str(root / "photos" / "disk.png"), np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(InputError, match=r"disk\.png cannot be read as a cut-out"):
        CutOuts(root, backgrounds=Plain())[0]
