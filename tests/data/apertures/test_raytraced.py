import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from rackfocus.data.apertures.raytraced import RaytracedScenes, load_scene
from rackfocus.optics.radiometry import linear_to_srgb
from rackfocus.optics.thin_lens import depth_to_disparity
from rackfocus.scenes import files
from rackfocus.types import InputError

SIZE = (32, 48)


def write_scene(folder: Path, *, lights: bool = False) -> None:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    base = np.repeat(np.repeat(rng.uniform(0.1, 0.6, (4, 6, 3)), 8, 0), 8, 1)
    for name, gain in (("deep", 1.0), ("f8", 0.9), ("f2", 0.8), ("f2_refocused", 2.5)):
        files.write_hdr(folder / f"{name}.exr", base * gain)
    files.write_srgb(folder / "deep.png", base)
    files.write_depth(folder / "depth.exr", np.full(SIZE, 3.0))
    files.write_disparity(folder / "disparity.png", np.full(SIZE, 1.25))
    about = {"width": SIZE[1], "height": SIZE[0], "lights": lights, "focal_disparity": -2.5}
    (folder / "scene.json").write_text(json.dumps(about))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_scene(tmp_path / "train" / "0000")
    write_scene(tmp_path / "train" / "0001", lights=True)
    (tmp_path / "train" / ".0002.99").mkdir()  # being rendered
    return tmp_path


def test_each_scene_gives_its_two_triplets(root):
    samples = RaytracedScenes(root, "train")
    assert len(samples) == 4
    assert [sample.name for sample in samples] == [
        "train/0000/aperture", "train/0000/focal", "train/0001/aperture", "train/0001/focal",
    ]  # fmt: skip
    aperture, focal = samples[0], samples[-1]
    assert (aperture.aperture_ratio, aperture.focal_disparity) == (0.25, 0.0)
    assert (focal.aperture_ratio, focal.focal_disparity) == (1.0, -2.5)
    torch.testing.assert_close(
        aperture.adjusted / aperture.shallow, torch.full((3, *SIZE), 9 / 8), rtol=0.05, atol=0
    )
    assert focal.adjusted.max() == 1.0  # a photograph clips
    assert torch.all(aperture.disparity == 1.25)
    torch.testing.assert_close(linear_to_srgb(aperture.radiance), aperture.deep, rtol=0, atol=0.02)


def test_a_whole_scene_is_not_clipped(root):
    scene = load_scene(root / "train" / "0001")
    assert scene.name == "train/0001"
    assert scene.has_lights
    assert scene.f2_refocused.max() > 1.2
    assert scene.depth.shape == scene.disparity.shape == (1, *SIZE)


@pytest.mark.parametrize("index", [4, -5])
def test_index_beyond_the_end(root, index):
    with pytest.raises(IndexError):
        RaytracedScenes(root, "train")[index]


def test_missing_split_and_empty_split(root):
    with pytest.raises(InputError, match="nowhere"):
        RaytracedScenes(root, "nowhere")
    (root / "test").mkdir()
    with pytest.raises(InputError, match="no scene"):
        RaytracedScenes(root, "test")


@pytest.mark.parametrize("name", ["deep.png", "deep.exr", "f8.exr", "f2.exr", "disparity.png", "scene.json"])
def test_missing_and_spoilt_files_are_named(root, name):
    path = root / "train" / "0000" / name
    path.write_bytes(b"spoilt")
    with pytest.raises(InputError, match=name):
        RaytracedScenes(root, "train")[0]
    path.unlink()
    with pytest.raises(InputError, match=f"{name} is missing"):
        RaytracedScenes(root, "train")[0]


def test_wrong_size_is_named(root):
    files.write_disparity(root / "train" / "0000" / "disparity.png", np.zeros((8, 8)))
    with pytest.raises(InputError, match=r"disparity\.png is 8x8"):
        load_scene(root / "train" / "0000")


@pytest.mark.parametrize(
    "change", [{"lights": 1}, {"width": 0}, {"focal_disparity": "far"}, {"height": None}]
)
def test_senseless_description(root, change):
    path = root / "train" / "0000" / "scene.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=r"scene\.json"):
        load_scene(root / "train" / "0000")


def test_embedded_scenes_are_whole(raytraced):
    lines = (raytraced / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    present = {
        path.relative_to(raytraced).as_posix() for split in ("train", "validation", "test", "clip", "clips")
        for path in (raytraced / split).rglob("*") if path.is_file()
    }  # fmt: skip
    assert present == set(sums)
    for name, digest in sums.items():
        assert hashlib.sha256((raytraced / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize(("split", "fewest"), [("train", 24), ("validation", 6), ("test", 6)])
def test_embedded_scenes_obey_the_thin_lens(raytraced, split, fewest):
    folders = RaytracedScenes(raytraced, split).folders
    assert len(folders) >= fewest
    lit = 0
    for folder in folders:
        scene = load_scene(folder)
        about = json.loads((folder / "scene.json").read_text())
        expected = depth_to_disparity(
            scene.depth,
            focus_m=about["focus_m"],
            focal_length_px=about["focal_length_px"],
            aperture_radius_m=about["aperture_radius_m"],
        )
        assert (expected - scene.disparity).abs().max() < 0.005
        assert scene.disparity.min() < -1 < 1 < scene.disparity.max()
        assert scene.deep_srgb.shape == (3, 256, 384)
        seen = linear_to_srgb(scene.radiance.clamp(0, 1))
        assert (seen - scene.deep_srgb).square().mean() < 1e-4
        lit += scene.has_lights
    assert 3 * lit == len(folders)
