import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from rackfocus.data.apertures.manifest import (
    Item,
    Manifest,
    Photograph,
    Rejection,
    pairs_and_triplets,
    read_manifest,
    write_manifest,
)
from rackfocus.data.apertures.photographs import ManifestPhotographs, load_item
from rackfocus.optics.radiometry import linear_to_srgb, srgb_to_linear
from rackfocus.types import InputError

RNG = np.random.default_rng(0)
PICTURE = cv2.GaussianBlur(RNG.uniform(40, 200, (40, 60, 3)), (0, 0), 2).round().astype(np.uint8)


def save(path: Path, pixels: np.ndarray = PICTURE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.ascontiguousarray(pixels[..., ::-1]))
    return path


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    root = tmp_path / "photographs"
    deep = Photograph(save(root / "a_f16.png"), 16.0)
    wide = Photograph(save(root / "a_f2.png"), 2.0, gain=1.5, warp=((1.0, 0.0, 3.0), (0.0, 1.0, -2.0)))
    middle = Photograph(save(root / "a_f8.png"), 8.0)
    near = Photograph(save(root / "a_near.png"), 2.0, focal_disparity=-4.5)
    items = (
        Item("pair", deep, (middle,), "validation"),
        Item("aperture", deep, (wide, middle)),
        Item("focal", deep, (Photograph(wide.file, 2.0), near)),
    )
    path = tmp_path / "out" / "manifest.json"
    write_manifest(path, Manifest(items, (Rejection(root / "b_f2.png", "it moved"),)), root=root)
    return path


def test_written_and_read_again(manifest):
    read = read_manifest(manifest)
    assert [item.name for item in read.items] == ["pair", "aperture", "focal"]
    wide = read.items[1].shots[0]
    assert (wide.f_number, wide.gain, wide.warp) == (2.0, 1.5, ((1.0, 0.0, 3.0), (0.0, 1.0, -2.0)))
    assert read.items[2].shots[1].focal_disparity == -4.5
    assert read.rejected[0].reason == "it moved"
    about = json.loads(manifest.read_text())
    assert (about["format"], about["version"], about["root"]) == ("rackfocus.aperture", 1, "../photographs")
    assert list(manifest.parent.iterdir()) == [manifest]


def test_the_refocus_that_leads_from_shallow_to_adjusted(manifest):
    aperture, focal = (ManifestPhotographs(manifest, "train")[i] for i in (0, 1))
    assert (aperture.aperture_ratio, aperture.focal_disparity) == (0.25, 0.0)  # f/2 to f/8
    assert (focal.aperture_ratio, focal.focal_disparity) == (1.0, -4.5)
    (pair,) = ManifestPhotographs(manifest, "validation")
    assert pair.adjusted is pair.shallow
    assert (pair.aperture_ratio, pair.focal_disparity) == (1.0, 0.0)


def test_warped_in_linear_light_cropped_and_brought_to_the_brightest_exposure(manifest):
    sample = load_item(read_manifest(manifest).items[1])
    linear = srgb_to_linear(torch.from_numpy(PICTURE.astype(np.float32) / 255).permute(2, 0, 1))
    # The shot's pixel (x + 3, y - 2) shows what the deep picture's (x, y) does; bicubic needs a margin.
    rows, columns = slice(3, 40), slice(0, 60 - 3 - 2)
    torch.testing.assert_close(sample.shallow, linear[:, 1:38, 3:58], rtol=0, atol=1e-5)
    torch.testing.assert_close(
        sample.adjusted, (1.5 * linear[:, rows, columns]).clamp(0, 1), rtol=0, atol=1e-5
    )
    brightened = linear_to_srgb((1.5 * linear[:, rows, columns]).clamp(0, 1))
    torch.testing.assert_close(sample.deep, brightened, rtol=0, atol=1e-5)
    assert sample.deep.shape == sample.shallow.shape == (3, 37, 55)


def test_a_darker_shot_is_brightened_and_clips(tmp_path):
    deep = Photograph(save(tmp_path / "deep.png"))
    shot = Photograph(save(tmp_path / "shot.png"), gain=0.5)
    sample = load_item(Item("x", deep, (shot,)))
    torch.testing.assert_close(sample.shallow, (2 * srgb_to_linear(sample.deep)).clamp(0, 1))


def test_a_warp_that_leaves_little_is_refused(tmp_path):
    deep = Photograph(save(tmp_path / "deep.png"))
    shot = Photograph(save(tmp_path / "shot.png"), warp=((1.0, 0.0, 50.0), (0.0, 1.0, 0.0)))
    with pytest.raises(InputError, match=r"deep\.png"):
        load_item(Item("x", deep, (shot,)))


def test_the_widest_aperture_is_beside_each_of_the_others():
    deep = Photograph(Path("d"), 22.0)
    shots = [Photograph(Path(str(n)), n) for n in (14.0, 2.0, 2.8)]
    items = pairs_and_triplets("s", deep, shots)
    assert [item.name for item in items] == ["s/f2-f2.8", "s/f2-f14"]
    assert [item.aperture_ratio for item in items] == [2 / 2.8, 2 / 14]
    assert [item.name for item in pairs_and_triplets("s", deep, shots[:1])] == ["s/f14"]
    assert pairs_and_triplets("s", deep, []) == []


def test_a_missing_photograph_is_named(manifest):
    (manifest.parent.parent / "photographs" / "a_f8.png").unlink()
    with pytest.raises(InputError, match=r"a_f8\.png is missing, which .*manifest\.json names in 'pair'"):
        read_manifest(manifest)


def test_damaged_and_wrong_size_photographs_are_named_on_access(manifest):
    photograph = manifest.parent.parent / "photographs" / "a_f8.png"
    save(photograph, PICTURE[:20])
    samples = ManifestPhotographs(manifest, "validation")
    with pytest.raises(InputError, match=r"a_f8\.png is 60x20 pixels where .*a_f16\.png is 60x40"):
        samples[0]
    photograph.write_bytes(b"spoilt")
    with pytest.raises(InputError, match=r"a_f8\.png"):
        samples[0]
    with pytest.raises(IndexError):
        samples[1]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"version": 2}, "version 2"),
        ({"format": "other"}, "'other'"),
        ({"items": None}, "no sense"),
        ({"items": [{"name": "x", "deep": {"file": "a_f16.png"}, "shots": []}]}, "0 shots"),
        ({"items": [{"name": "x", "deep": {}, "shots": [{}]}]}, "file"),
        (
            {"items": [{"name": "x", "deep": {"file": "a_f16.png"}, "shots": [{"file": "b", "gain": 0}]}]},
            "gain 0",
        ),
        (
            {
                "items": [
                    {"name": "x", "deep": {"file": "a_f16.png"}, "shots": [{"file": "b", "warp": [[1]]}]}
                ]
            },
            "no sense",
        ),
    ],
)
def test_senseless_manifests(manifest, change, says):
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | change))
    with pytest.raises(InputError, match=r"manifest\.json") as error:
        read_manifest(manifest)
    assert says in str(error.value)


def test_no_manifest_at_all(manifest):
    with pytest.raises(InputError, match=r"other\.json is missing"):
        read_manifest(manifest.with_name("other.json"))
    manifest.write_text("{")
    with pytest.raises(InputError, match=r"manifest\.json is no manifest"):
        read_manifest(manifest)


def test_an_empty_split_and_a_name_used_twice(manifest):
    with pytest.raises(InputError, match="split 'test'"):
        ManifestPhotographs(manifest, "test")
    about = json.loads(manifest.read_text())
    about["items"].append(about["items"][0])
    manifest.write_text(json.dumps(about))
    with pytest.raises(InputError, match="'pair' twice"):
        read_manifest(manifest)
