import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from rackfocus.data.apertures.realbokeh import RealBokeh
from rackfocus.types import InputError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "train"
    for scene, numbers in ((9, [2.0]), (11, [2.0, 4.5, 13.0])):
        names = [f"gt/{scene}/{scene}_f{number}.JPG" for number in numbers]
        source = f"in/{scene}_f22.JPG"
        for name in (source, *names):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(folder / name), np.full((24, 32, 3), 90, np.uint8))
        (folder / "metadata").mkdir(exist_ok=True)
        about = {"id": scene, "source_image": source, "target_images": names, "target_avs": numbers}
        (folder / "metadata" / f"{scene}.json").write_text(json.dumps(about))
    return tmp_path


def test_a_pair_and_triplets(root):
    samples = RealBokeh(root, "train")
    assert [item.name for item in samples.items] == ["9/f2", "11/f2-f4.5", "11/f2-f13"]
    assert samples.items[1].deep.f_number == 22.0
    assert samples[1].aperture_ratio == 2.0 / 4.5
    assert samples[0].shallow.shape == (3, 24, 32)


def test_bad_folders(root):
    with pytest.raises(InputError, match="validation/metadata is no folder"):
        RealBokeh(root, "validation")
    (root / "test" / "metadata").mkdir(parents=True)
    with pytest.raises(InputError, match="test/metadata holds no JSON"):
        RealBokeh(root, "test")
    (root / "train" / "gt" / "11" / "11_f4.5.JPG").unlink()
    with pytest.raises(InputError, match=r"11_f4\.5\.JPG is missing"):
        RealBokeh(root, "train")


@pytest.mark.parametrize(
    "about",
    [
        "{",
        "[]",
        '{"source_image": "in/11_f22.JPG"}',
        '{"source_image": 3, "target_images": [], "target_avs": []}',
    ],
)
def test_senseless_metadata(root, about):
    (root / "train" / "metadata" / "11.json").write_text(about)
    with pytest.raises(InputError, match=r"metadata/11\.json"):
        RealBokeh(root, "train")


def test_a_damaged_photograph_is_named(root):
    (root / "train" / "gt" / "9" / "9_f2.0.JPG").write_bytes(b"spoilt")
    with pytest.raises(InputError, match=r"9_f2\.0\.JPG"):
        RealBokeh(root, "train")[0]
