from pathlib import Path

import cv2
import numpy as np
import pytest

from rackfocus.data.apertures.aperture import ApertureFolder, aperture_scenes, split_scenes
from rackfocus.types import InputError


def save(path: Path, size: tuple[int, int] = (24, 32)) -> Path:
    assert cv2.imwrite(str(path), np.full((*size, 3), 90, np.uint8))
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("a_f1.8.jpg", "a_f16.jpg", "a_focalmask.jpg", "b_f2.0.png", "b_f8.PNG", "b_f5.6.png"):
        save(tmp_path / name)
    save(tmp_path / "lonely_f4.jpg")
    (tmp_path / "SOURCE.txt").touch()
    return tmp_path


def test_scenes_pairs_and_triplets(root):
    a, b = aperture_scenes(root)
    assert (a.deep.file.name, a.deep.f_number) == ("a_f16.jpg", 16.0)
    assert [shot.f_number for shot in b.shots] == [2.0, 5.6]
    samples = ApertureFolder(root, "all")
    assert [item.name for item in samples.items] == ["a/f1.8", "b/f2-f5.6"]
    assert samples[1].aperture_ratio == 2.0 / 5.6
    assert [item.name for item in ApertureFolder(root, "train").items] == ["a/f1.8"]
    assert [item.name for item in ApertureFolder(root, "validation").items] == ["b/f2-f5.6"]


def test_the_last_tenth_is_for_validation():
    scenes = list(range(25))
    assert split_scenes(scenes, "validation", "x") == [23, 24]
    assert split_scenes(scenes, "train", "x") == scenes[:23]
    with pytest.raises(InputError, match="one scene"):
        split_scenes([1], "train", "x")
    with pytest.raises(InputError, match="no split 'test'"):
        split_scenes(scenes, "test", "x")


def test_bad_folders(root, tmp_path):
    with pytest.raises(InputError, match="nowhere is no folder"):
        aperture_scenes(root / "nowhere")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match="empty holds no scene of two apertures"):
        aperture_scenes(empty)
    save(root / "b_f2.png")
    with pytest.raises(InputError, match=r"b_f2\.0\.png|b_f2\.png"):
        aperture_scenes(root)


def test_damaged_and_other_sizes_are_named(root):
    samples = ApertureFolder(root, "all")
    save(root / "a_f1.8.jpg", (24, 30))
    with pytest.raises(InputError, match=r"a_f1\.8\.jpg is 30x24"):
        samples[0]
    (root / "a_f1.8.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"a_f1\.8\.jpg"):
        samples[0]


@pytest.mark.parametrize(("name", "count"), [("ebb", 3), ("vabd", 6), ("realbokeh", 6)])
def test_real_folders(shared, name, count):
    samples = ApertureFolder(shared / "data" / "aperture" / name, "all")
    assert len(samples) == count
    assert 0 < samples[0].aperture_ratio <= 1
    assert samples[0].shallow.shape == samples[0].deep.shape
