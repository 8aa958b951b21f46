import json

import numpy as np
import OpenEXR
import pytest
import torch

from rackfocus.evaluation.images.baselines import Nothing
from rackfocus.evaluation.public.blb_targets import BLBTargets
from rackfocus.optics.renderer import render
from rackfocus.types import InputError


def save(path, pixels):
    channels = "RGB" if pixels.ndim == 3 else "Y"
    with OpenEXR.File({"type": OpenEXR.scanlineimage}, {channels: pixels.astype(np.float32)}) as file:
        file.write(str(path))


@pytest.fixture
def root(tmp_path):
    random = np.random.default_rng(0)
    for name in ("277", "278"):
        (tmp_path / name).mkdir()
        save(tmp_path / name / "image.exr", 3 * random.random((24, 32, 3)))
        depth = np.full((24, 32), 4.0)
        depth[:, 16:] = 1.0
        save(tmp_path / name / "depth.exr", depth)
        for level in range(2):
            for plane in range(2):
                save(tmp_path / name / f"bokeh_{level:02d}_{plane:02d}.exr", random.random((24, 32, 3)))
        about = {"blur_parameters": [2, 8], "focus_distances": [1.0, 4.0]}
        (tmp_path / name / "info.json").write_text(json.dumps(about))
    return tmp_path


def test_every_picture_by_its_level(root):
    targets = BLBTargets(root).targets
    assert [(target.name, target.group, target.rank) for target in targets[:3]] == [
        ("277_bokeh_00_00", "level 1", 0),
        ("277_bokeh_00_01", "level 1", 0),
        ("277_bokeh_01_00", "level 2", 1),
    ]
    assert len(targets) == 8
    assert targets[-1].name == "278_bokeh_01_01"


def test_pictures_are_clipped_and_encoded(root):
    published = BLBTargets(root)
    save(root / "277" / "bokeh_00_00.exr", np.full((24, 32, 3), 0.25))
    assert torch.allclose(published.truth(published.targets[0]), torch.tensor(0.25 ** (1 / 2.2)))
    assert published.sharp(published.targets[0]).max() == 1  # of light up to 3


def test_ours_is_the_renderer_with_the_exact_disparity(root):
    published = BLBTargets(root)
    target = published.targets[3]  # level 2, focused at 4
    disparity = torch.zeros(1, 1, 24, 32)
    disparity[..., 16:] = 8 * (1 / 4 - 1 / 1)
    with OpenEXR.File(str(root / "277" / "image.exr")) as file:
        light = torch.from_numpy(file.channels()["RGB"].pixels.copy()).permute(2, 0, 1)[None]
    expected = render(light, disparity)[0].clamp(0, 1) ** (1 / 2.2)
    assert torch.allclose(published.rendered(target, Nothing("none")), expected, atol=1e-5)


def test_what_is_missing_is_told(root):
    (root / "278" / "bokeh_01_00.exr").unlink()
    with pytest.raises(InputError, match=r"278/bokeh_01_00\.exr is missing"):
        BLBTargets(root)
