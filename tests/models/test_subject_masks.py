import sys

import pytest
import torch

from rackfocus import InputError
from rackfocus.models.person_mask import PersonMask
from rackfocus.models.subject_masks import Agreed, refined


def test_masks_that_disagree_are_unsure():
    image = torch.rand(1, 3, 4, 6)
    mask = Agreed({"all": lambda x: torch.ones_like(x[:, :1]), "none": lambda x: torch.zeros_like(x[:, :1])})
    assert (mask(image) == 0.5).all()


def test_a_coarse_mask_moves_to_the_edge_of_the_picture():
    image = torch.zeros(1, 3, 100, 100)
    image[..., 52:] = 1
    coarse = ((torch.arange(100.0) - 46) / 8).clamp(0, 1).expand(1, 1, 100, 100)
    before, after = ((mask > 0.5) != (image[:, :1] > 0.5) for mask in (coarse, refined(coarse, image)))
    assert before.sum() > 0
    assert after.sum() <= before.sum()


def test_people_are_found(shared, monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", str(shared / "weights"))
    mask = PersonMask()(torch.rand(2, 3, 60, 80))
    assert mask.shape == (2, 1, 60, 80)
    assert 0 <= mask.min() <= mask.max() <= 1


def test_bad_files(shared, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    with pytest.raises(InputError, match="is not the selfie segmentation"):
        PersonMask(shared / "weights" / "fastdepth_7.onnx")
    (tmp_path / "m.onnx").write_bytes(b"no network")
    with pytest.raises(InputError, match="cannot be read as an ONNX model"):
        PersonMask(tmp_path / "m.onnx")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match="not installed"):
        PersonMask(tmp_path / "m.onnx")
