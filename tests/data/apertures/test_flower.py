from pathlib import Path

import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from PIL import Image

from rackfocus.data.apertures.flower import Flower, flower_files, read_eslf, split_of
from rackfocus.data.apertures.light_fields.samples import Refocus
from rackfocus.optics.radiometry import linear_to_srgb
from rackfocus.types import InputError


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Flowers_8bit with one real-sized picture; the others of the folder are only listed."""
    root = tmp_path_factory.mktemp("flower") / "Flowers_8bit"
    root.mkdir()
    codes = np.full((5264, 7574, 3), 255, np.uint8)  # the published size: 376x541 lenslets
    lenslet = np.zeros((14, 14, 3), np.uint8)
    lenslet[..., 0], lenslet[..., 1], lenslet[..., 2] = np.arange(14)[:, None], np.arange(14), 50
    codes[: 372 * 14, : 540 * 14] = np.tile(lenslet, (372, 540, 1))
    codes[10 * 14 + 3 :: 100 * 14, 20 * 14 + 4 :: 1400 * 14] = 99  # view (3, 4) at rows 10, 110 .., column 20
    Image.fromarray(codes).save(root / "IMG_0012_eslf.png", compress_level=1)
    for number in ("0095", "0190", "0199", "2290", "10001"):
        (root / f"IMG_{number}_eslf.png").touch()
    (root / "IMG_0001.jpg").touch()
    return root


def test_the_central_views_and_the_crop(root):
    field = read_eslf(root / "IMG_0012_eslf.png")
    assert field.name == "IMG_0012_eslf"
    assert field.codes.shape == (12, 12, 372, 540, 3)
    assert field.centre == (6, 6)
    assert field.radius == 5.5
    for row, column in ((0, 0), (6, 6), (3, 8), (11, 11)):
        assert (field.codes[row, column] == (row + 1, column + 1, 50)).all()
    assert np.argwhere(field.codes[2, 3, ..., 2] == 99).tolist() == [
        [10, 20],
        [110, 20],
        [210, 20],
        [310, 20],
    ]
    mirrored = read_eslf(root / "IMG_0012_eslf.png", mirrored=True)
    assert (mirrored.codes[0, 0] == (12, 12, 50)).all()


def test_the_samples_of_a_flower(root):
    samples = Flower(root, "train", adjusted=[Refocus(), Refocus(slope_change=0.4)])
    assert len(samples) == 4
    sample = samples[1]
    assert sample.name == "IMG_0012_eslf/focal +0.4"
    assert sample.focal_disparity == pytest.approx(0.4 * 5.5)
    assert sample.deep.shape == sample.shallow.shape == sample.adjusted.shape == (3, 372, 540)
    light = torch.tensor([7.0, 7.0, 50.0]) / 255  # of the central view, and of the mean over the even disk
    inside = np.s_[:, 0:5, 0:5]
    torch.testing.assert_close(sample.deep[inside], linear_to_srgb(light)[:, None, None].expand(3, 5, 5))
    torch.testing.assert_close(
        sample.shallow[inside], light[:, None, None].expand(3, 5, 5), rtol=1e-4, atol=1e-6
    )
    torch.testing.assert_close(sample.adjusted[inside], sample.shallow[inside], rtol=1e-4, atol=1e-6)


def test_the_splits_part_the_numbers_in_blocks():
    splits = [split_of(number) for number in range(10000)]
    assert [splits.count(split) for split in ("train", "validation", "test")] == [9000, 500, 500]
    assert [split_of(number) for number in (89, 90, 99, 100, 189, 190, 199, 200, 9999, 10000)] == [
        "train", "validation", "validation", "train", "train", "test", "test", "train", "test", "train",
    ]  # fmt: skip


def test_files_of_a_split(root):
    assert [path.name for path in flower_files(root, "train")] == ["IMG_0012_eslf.png", "IMG_10001_eslf.png"]
    assert [path.name for path in flower_files(root, "validation")] == [
        "IMG_0095_eslf.png", "IMG_2290_eslf.png",
    ]  # fmt: skip
    assert [path.name for path in flower_files(root, "test")] == ["IMG_0190_eslf.png", "IMG_0199_eslf.png"]


def test_no_folder_no_picture_no_split(root, tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        Flower(tmp_path / "nowhere", "train", adjusted=[Refocus()])
    with pytest.raises(InputError, match=str(tmp_path)):
        Flower(tmp_path, "train", adjusted=[Refocus()])
    with pytest.raises(InputError, match="'all'"):
        Flower(root, "all", adjusted=[Refocus()])
    (tmp_path / "IMG_0001_eslf.png").touch()
    with pytest.raises(InputError, match="none of the test split"):
        Flower(tmp_path, "test", adjusted=[Refocus()])


def test_missing_empty_truncated_and_small_pictures_are_named(root, tmp_path):
    path = tmp_path / "IMG_0001_eslf.png"
    with pytest.raises(InputError, match=r"IMG_0001_eslf\.png is missing"):
        read_eslf(path)
    path.touch()
    with pytest.raises(InputError, match=r"IMG_0001_eslf\.png"):
        read_eslf(path)
    whole = (root / "IMG_0012_eslf.png").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"IMG_0001_eslf\.png"):
        Flower(tmp_path, "train", adjusted=[Refocus()])[0]
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    path.write_bytes(flipped)
    with pytest.raises(InputError, match=r"IMG_0001_eslf\.png"):
        read_eslf(path)
    Image.new("RGB", (7560, 5194)).save(path, compress_level=1)
    with pytest.raises(InputError, match=r"IMG_0001_eslf\.png is 7560x5194 pixels"):
        read_eslf(path)


def test_the_config(root):
    config = OmegaConf.load(Path(__file__).parents[3] / "conf" / "data" / "flower.yaml")
    nested = OmegaConf.create({"mixture": {"flower": config}})
    nested.mixture.flower.root = str(root)
    for split, count in (("train", 2), ("validation", 2), ("test", 2)):
        samples = instantiate(nested.mixture.flower[split])
        assert len(samples) == 4 * count
        assert [str(refocus) for refocus in samples.adjusted] == [
            "pair", "aperture 0.5", "focal +0.4", "focal -0.4",
        ]  # fmt: skip
