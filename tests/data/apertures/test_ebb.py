import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from rackfocus.data.apertures.ebb import EBB
from rackfocus.types import InputError, MissingSplit


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder, value in (("original", 60), ("bokeh", 90)):
        (tmp_path / "Training" / folder).mkdir(parents=True)
        for number in (0, 2, 10):
            path = tmp_path / "Training" / folder / f"{number}.jpg"
            assert cv2.imwrite(str(path), np.full((24, 32, 3), value, np.uint8))
    return tmp_path


def test_pairs_in_the_order_of_their_numbers(root):
    samples = EBB(root, "all")
    assert [item.name for item in samples.items] == ["0", "2", "10"]
    assert (samples.items[0].deep.f_number, samples.items[0].shots[0].f_number) == (16.0, 1.8)
    sample = samples[0]
    assert sample.adjusted is sample.shallow
    assert sample.deep.mean() == pytest.approx(60 / 255, abs=0.01)
    assert [item.name for item in EBB(root, "train").items] == ["0", "2"]
    assert [item.name for item in EBB(root, "validation").items] == ["10"]


def test_the_layout_with_a_folder_a_split(root):
    (root / "Training" / "original").rename(root / "Training" / "in")
    (root / "Training" / "bokeh").rename(root / "Training" / "gt")
    shutil.copytree(root / "Training", root / "test")
    (root / "Training").rename(root / "train")
    for folder in ("in", "gt"):
        (root / "test" / folder / "10.jpg").unlink()
    assert [item.name for item in EBB(root, "train").items] == ["0", "2", "10"]
    assert [item.name for item in EBB(root, "test").items] == ["0", "2"]
    assert len(EBB(root, "all")) == 5
    sample = EBB(root, "test")[0]
    assert sample.deep.mean() == pytest.approx(60 / 255, abs=0.01)
    assert sample.shallow.mean() < sample.deep.mean()  # of 90, in linear light
    with pytest.raises(MissingSplit, match="validation/in"):
        EBB(root, "validation")
    shutil.rmtree(root / "test" / "gt")
    with pytest.raises(InputError, match="test/gt is no folder"):
        EBB(root, "test")


def test_bad_folders(root):
    with pytest.raises(MissingSplit, match="no split 'test'"):
        EBB(root, "test")
    with pytest.raises(MissingSplit, match="holds no Training/original and no train/in"):
        EBB(root / "Training", "all")
    (root / "Training" / "bokeh" / "2.jpg").unlink()
    with pytest.raises(InputError, match=r"bokeh/2\.jpg is missing"):
        EBB(root, "all")
    (root / "Training" / "original" / "2.jpg").unlink()
    (root / "Training" / "original" / "0.jpg").unlink()
    with pytest.raises(InputError, match=r"original/0\.jpg is missing"):
        EBB(root, "all")
    (root / "Training" / "original" / "10.jpg").unlink()
    with pytest.raises(InputError, match="original holds no picture"):
        EBB(root, "all")


def test_a_damaged_picture_is_named(root):
    (root / "Training" / "bokeh" / "2.jpg").write_bytes(b"\xff\xd8spoilt")
    samples = EBB(root, "all")
    assert samples[0].name == "0"
    with pytest.raises(InputError, match=r"bokeh/2\.jpg"):
        samples[1]
