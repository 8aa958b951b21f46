import json
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
import torch

from rackfocus.data.apertures.blb import BLB
from rackfocus.types import InputError

BLUR = [10.0, 20.0, 40.0]
FOCUS = [0.0, 0.5, 0.75, 1.0]


def save(path: Path, value: float, channels: str = "RGB", size: tuple[int, int] = (8, 12)) -> None:
    pixels = np.full((*size, len(channels)), value, np.float32)
    with OpenEXR.File({"type": OpenEXR.scanlineimage}, {channels: pixels}) as file:
        file.write(str(path))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    scene = tmp_path / "277"
    scene.mkdir()
    save(scene / "image.exr", 3.0, "RGBA")
    save(scene / "depth.exr", 7.0)
    for level in range(3):
        for plane in range(4):
            save(scene / f"bokeh_{level:02d}_{plane:02d}.exr", 0.1 * level + 0.01 * plane)
    (scene / "info.json").write_text(json.dumps({"blur_parameters": BLUR, "refocus_planes": FOCUS, "z": [1]}))
    return tmp_path


def test_triplets_when_the_file_tells_all(root):
    (root / "277" / "info.json").write_text(json.dumps({"blur_parameters": BLUR, "disp_focus": FOCUS}))
    samples = BLB(root)
    assert len(samples) == 4 + 3
    aperture, focal = samples[1], samples[4]
    assert aperture.name == "277/bokeh_02_01-bokeh_01_01"
    assert (aperture.aperture_ratio, aperture.focal_disparity) == (0.5, 0.0)
    assert torch.allclose(aperture.shallow, torch.tensor(0.21))
    # In focus at the second plane: disparity 0.5, which has D = 40 * (0 - 0.5) where 0 is in focus.
    assert (focal.aperture_ratio, focal.focal_disparity) == (1.0, -20.0)
    assert torch.all(focal.radiance == 3.0)
    assert torch.allclose(focal.deep, torch.tensor(1.0))
    assert focal.deep.max() <= 1
    with pytest.raises(IndexError):
        samples[7]


@pytest.mark.parametrize(
    ("about", "count", "ratio"),
    [
        ({"blur_parameters": BLUR}, 4, 0.5),
        ({"blur_parameters": BLUR, "focus_a": FOCUS, "focus_b": FOCUS}, 4, 0.5),  # which one is meant?
        ({"blur_parameters": BLUR[:2], "disp_focus": FOCUS}, 4, 1.0),
        ({}, 4, 1.0),
    ],
)
def test_less_when_it_tells_less(root, about, count, ratio):
    (root / "277" / "info.json").write_text(json.dumps(about))
    samples = BLB(root)
    assert len(samples) == count
    assert samples[0].aperture_ratio == ratio


def test_bad_folders(root):
    with pytest.raises(InputError, match="nowhere is no folder"):
        BLB(root / "nowhere")
    with pytest.raises(InputError, match="277 holds no scene"):
        BLB(root / "277")
    (root / "277" / "bokeh_01_02.exr").unlink()
    with pytest.raises(InputError, match=r"bokeh_01_02\.exr is missing"):
        BLB(root)


def test_damaged_files_are_named(root):
    samples = BLB(root)
    save(root / "277" / "bokeh_02_00.exr", 1.0, size=(4, 4))
    with pytest.raises(InputError, match=r"bokeh_02_00\.exr is not of the size"):
        samples[0]
    (root / "277" / "bokeh_02_00.exr").write_bytes(b"spoilt")
    with pytest.raises(InputError, match=r"bokeh_02_00\.exr cannot be read"):
        samples[0]
    (root / "277" / "info.json").write_text("{")
    with pytest.raises(InputError, match=r"info\.json"):
        BLB(root)
    (root / "277" / "info.json").unlink()
    with pytest.raises(InputError, match=r"info\.json is missing"):
        BLB(root)
