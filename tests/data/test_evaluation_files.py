import cv2
import numpy as np
import pytest
import torch

from rackfocus.data.evaluation_files import existing_folder, folders_below, list_files, read_codes, read_mask
from rackfocus.data.evaluation_samples import require_size
from rackfocus.types import InputError


def test_folders_and_files(tmp_path):
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / ".hidden" / "d").mkdir(parents=True)
    for name in ("2.PNG", "1.png", ".3.png", "4.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in list_files(tmp_path, (".png",))] == ["1.png", "2.PNG"]
    assert folders_below(tmp_path) == [tmp_path, tmp_path / "b", tmp_path / "b" / "c"]
    with pytest.raises(InputError, match="nowhere"):
        existing_folder(tmp_path / "nowhere")


def test_codes_are_exact(tmp_path):
    codes = np.array([[0, 1, 65535], [255, 256, 40000]], np.uint16)
    cv2.imwrite(str(tmp_path / "codes.png"), codes)
    assert read_codes(tmp_path / "codes.png", 16).tolist() == [codes.tolist()]
    grey = np.array([[0, 255, 7]], np.uint8)
    cv2.imwrite(str(tmp_path / "grey.png"), np.repeat(grey[..., None], 3, 2))
    assert read_codes(tmp_path / "grey.png", 8).tolist() == [grey.tolist()]
    assert read_mask(tmp_path / "grey.png").tolist() == [[[False, True, True]]]


def test_files_that_hold_no_codes_are_named(tmp_path):
    path = tmp_path / "codes.png"
    with pytest.raises(InputError, match=r"codes\.png is missing"):
        read_codes(path, 8)
    path.write_bytes(b"spoilt")
    with pytest.raises(InputError, match=r"codes\.png cannot be read"):
        read_codes(path, 8)
    cv2.imwrite(str(path), np.zeros((2, 2), np.uint8))
    with pytest.raises(InputError, match=r"codes\.png must be a 16-bit grey"):
        read_codes(path, 16)
    cv2.imwrite(str(path), np.arange(12, dtype=np.uint8).reshape(2, 2, 3))
    with pytest.raises(InputError, match=r"codes\.png must be a 8-bit grey"):
        read_codes(path, 8)


def test_sizes_are_told_width_first():
    with pytest.raises(InputError, match=r"a\.png is 4x3 pixels where b\.png is 5x3"):
        require_size("a.png", torch.zeros(1, 3, 4), torch.zeros(3, 3, 5), "b.png")
    require_size("a.png", torch.zeros(1, 3, 4), torch.zeros(3, 3, 4), "b.png")
