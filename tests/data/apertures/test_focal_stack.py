from pathlib import Path

import cv2
import numpy as np
import pytest

from rackfocus.data.apertures.focal_stack import (
    FocalStack,
    _blurred,
    estimate_focal_disparity,
    focal_pairs,
    stack_photographs,
)
from rackfocus.types import InputError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("expected", "pcb_002", "pcb_001", "pcb_010", "other_1"):
        assert cv2.imwrite(str(tmp_path / f"{name}.jpg"), np.full((24, 32, 3), 90, np.uint8))
    return tmp_path


def test_slices_in_the_order_of_their_numbers(root):
    deep, slices = stack_photographs(root, "expected.jpg")
    assert deep.file.name == "expected.jpg"
    assert [photograph.file.stem for photograph in slices] == ["pcb_001", "pcb_002", "pcb_010"]


def test_pairs_where_the_step_is_not_known_and_triplets_where_it_is(root):
    pairs = FocalStack(root, "expected.jpg")
    assert [item.name for item in pairs.items] == ["pcb_001", "pcb_002", "pcb_010"]
    assert pairs[0].adjusted.shape == (3, 24, 32)
    triplets = FocalStack(root, "expected.jpg", disparity_step_px=-2.5)
    assert [item.name for item in triplets.items] == ["pcb_001-pcb_002", "pcb_002-pcb_010"]
    assert (triplets[0].aperture_ratio, triplets[0].focal_disparity) == (1.0, -2.5)
    assert focal_pairs(7) == [(0, 2), (1, 3), (2, 4), (3, 5), (4, 6)]


def test_bad_folders(root):
    with pytest.raises(InputError, match="nowhere is no folder"):
        FocalStack(root / "nowhere", "expected.jpg")
    with pytest.raises(InputError, match=r"aif\.png is missing"):
        FocalStack(root, "aif.png")
    for name in ("pcb_002", "pcb_010"):
        (root / f"{name}.jpg").unlink()
    with pytest.raises(InputError, match="fewer than two numbered slices"):
        FocalStack(root, "expected.jpg")


def test_a_damaged_slice_is_named(root):
    (root / "pcb_002.jpg").write_bytes(b"spoilt")
    with pytest.raises(InputError, match=r"pcb_002\.jpg"):
        FocalStack(root, "expected.jpg")[1]


def test_the_focal_disparity_of_two_planes_is_estimated():
    rng = np.random.default_rng(0)
    deep = cv2.GaussianBlur(rng.uniform(0, 1, (320, 512)).astype(np.float32), (0, 0), 1.0)
    left = (np.arange(512) < 256)[None]
    blurred = _blurred(deep, 5.0)
    first = np.where(left, deep, blurred).astype(np.float32)
    second = np.where(left, blurred, deep).astype(np.float32)
    assert estimate_focal_disparity(deep, first, second) == pytest.approx(5.0, abs=0.5)
    assert estimate_focal_disparity(deep, deep, deep) is None


def test_a_real_stack(shared):
    samples = FocalStack(shared / "data" / "aperture" / "focalstack_pcb", "expected.jpg")
    assert len(samples) == 7
    assert samples[6].shallow.shape == (3, 1536, 2048)
