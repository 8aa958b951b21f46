import json
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
import torch

from rackfocus.data.apertures.blb import BLB
from rackfocus.types import InputError

BLUR = [10, 20.0, 40.0]
FOCUS = [0.5, 1.0, 2.0, 4.0]


def save(path: Path, value: float, channels: str = "RGB", size: tuple[int, int] = (8, 12)) -> None:
    pixels = np.full((*size, len(channels)), value, np.float32).squeeze()
    with OpenEXR.File({"type": OpenEXR.scanlineimage}, {channels: pixels}) as file:
        file.write(str(path))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    scene = tmp_path / "277"
    scene.mkdir()
    save(scene / "image.exr", 3.0, "RGBA")
    save(scene / "depth.exr", 8.0)
    for level in range(3):
        for plane in range(4):
            save(scene / f"bokeh_{level:02d}_{plane:02d}.exr", 0.1 * level + 0.01 * plane)
            (scene / f"bokeh_{level:02d}_{plane:02d}.jpg").touch()
    for other in ("image.jpg", "depth.jpg", "bokeh_00.exr", "disparity.exr"):
        (scene / other).touch()
    about = {"blur_parameters": BLUR, "focus_distances": FOCUS, "resolution": [12, 8]}
    (scene / "info.json").write_text(json.dumps(about))
    return tmp_path


def test_triplets_with_exact_disparity(root):
    samples = BLB(root)
    assert len(samples) == 4 + 3
    aperture, focal = samples[1], samples[5]
    assert aperture.name == "277/bokeh_02_01-bokeh_01_01"
    assert (aperture.aperture_ratio, aperture.focal_disparity) == (0.5, 0.0)
    assert torch.allclose(aperture.shallow, torch.tensor(0.21))
    # Focused at 1, everything at 8: behind the focal plane.
    assert torch.all(aperture.disparity == 40 * (1 / 1 - 1 / 8))
    assert aperture.disparity.shape == (1, 8, 12)
    # Refocused from 1 to 2, which is farther.
    assert focal.name == "277/bokeh_02_01-bokeh_02_02"
    assert (focal.aperture_ratio, focal.focal_disparity) == (1.0, 20.0)
    assert torch.all(focal.disparity - focal.focal_disparity == 40 * (1 / 2 - 1 / 8))
    assert torch.all(focal.radiance == 3.0)
    assert torch.allclose(focal.deep, torch.tensor(1.0))
    assert focal.deep.max() <= 1
    with pytest.raises(IndexError):
        samples[7]


def test_the_sky_is_infinitely_far(root):
    save(root / "277" / "depth.exr", float("inf"), "Y")
    assert torch.all(BLB(root)[1].disparity == 40)


@pytest.mark.parametrize(
    "about",
    [
        [1.0],
        {"blur_parameters": BLUR},
        {"blur_parameters": BLUR[:2], "focus_distances": FOCUS},
        {"blur_parameters": BLUR, "focus_distances": [*FOCUS[:3], 0]},
        {"blur_parameters": BLUR, "focus_distances": [*FOCUS[:3], "4"]},
    ],
)
def test_what_the_description_must_have(root, about):
    (root / "277" / "info.json").write_text(json.dumps(about))
    with pytest.raises(InputError, match=r"info\.json (must have a list|has) '(blur|focus)"):
        BLB(root)


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
    save(root / "277" / "depth.exr", 8.0, size=(4, 4))
    with pytest.raises(InputError, match=r"depth\.exr is not of the size"):
        samples[1]
    save(root / "277" / "depth.exr", 0.0)
    with pytest.raises(InputError, match=r"depth\.exr holds values that are no distances"):
        samples[1]
    (root / "277" / "bokeh_02_00.exr").write_bytes(b"spoilt")
    with pytest.raises(InputError, match=r"bokeh_02_00\.exr cannot be read"):
        samples[0]
    (root / "277" / "info.json").write_text("{")
    with pytest.raises(InputError, match=r"info\.json"):
        BLB(root)
    (root / "277" / "info.json").unlink()
    with pytest.raises(InputError, match=r"info\.json is missing"):
        BLB(root)
