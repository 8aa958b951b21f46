import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from rackfocus.data.apertures.light_fields.folders import LightFieldFolders, read_views
from rackfocus.data.apertures.light_fields.samples import Refocus
from rackfocus.types import InputError


def write_views(folder: Path, *, rows: int = 3, columns: int = 4) -> Path:
    """View (row, column) is of the one colour (10 row, 10 column, 7)."""
    folder.mkdir(parents=True)
    for row in range(rows):
        for column in range(columns):
            view = np.full((8, 12, 3), (7, 10 * column, 10 * row), np.uint8)  # BGR
            assert cv2.imwrite(str(folder / f"view_{row + 2:02d}_{column + 2:02d}.png"), view)
    return folder


def folders(root: Path) -> LightFieldFolders:
    return LightFieldFolders(root, focus_slope=0.0, adjusted=[Refocus()])


def test_the_first_number_is_the_row(tmp_path):
    field = read_views(write_views(tmp_path / "scene"))
    assert field.name == "scene"
    assert field.codes.shape == (3, 4, 8, 12, 3)
    for row in range(3):
        for column in range(4):
            assert (field.codes[row, column] == (10 * row, 10 * column, 7)).all()


def test_views_counted_against_the_cameras_way(tmp_path):
    folder = write_views(tmp_path / "scene")
    plain, mirrored = read_views(folder), read_views(folder, mirrored=True)
    np.testing.assert_array_equal(mirrored.codes[0, 0], plain.codes[2, 3])


def test_a_folder_of_folders(tmp_path):
    for name in ("b", "a"):
        write_views(tmp_path / name)
    (tmp_path / "notes").mkdir()
    samples = folders(tmp_path)
    assert [sample.name for sample in samples] == ["a/pair", "b/pair"]
    assert [sample.name for sample in folders(tmp_path / "b")] == ["b/pair"]


def test_a_missing_view_is_named(tmp_path):
    folder = write_views(tmp_path / "scene")
    (folder / "view_03_04.png").unlink()
    samples = folders(tmp_path)
    with pytest.raises(InputError, match=r"view_03_04\.png is missing"):
        samples[0]


def test_a_view_of_another_size_is_named(tmp_path):
    folder = write_views(tmp_path / "scene")
    cv2.imwrite(str(folder / "view_04_05.png"), np.zeros((8, 13, 3), np.uint8))
    samples = folders(tmp_path)
    with pytest.raises(InputError, match=r"view_04_05\.png is 13x8 pixels .* 12x8"):
        samples[0]


def test_a_corrupted_view_is_named(tmp_path):
    folder = write_views(tmp_path / "scene")
    path = folder / "view_02_03.png"
    path.write_bytes(path.read_bytes()[:-20])
    samples = folders(tmp_path)
    with pytest.raises(InputError, match=r"view_02_03\.png"):
        samples[0]


def test_empty_and_missing_folders(tmp_path):
    (tmp_path / "empty").mkdir()
    for root in (tmp_path, tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(InputError, match=str(root)):
            folders(root)
    with pytest.raises(InputError, match="empty holds no view"):
        read_views(tmp_path / "empty")


def test_the_real_folders(shared, tmp_path):
    samples = folders(shared / "data" / "aperture" / "lightfield_lytro2067")
    assert len(samples) == 1
    assert samples[0].deep.shape == samples[0].shallow.shape == (3, 383, 552)
    copy = tmp_path / "copy"
    shutil.copytree(shared / "data" / "aperture" / "lightfield_lytro2067", copy)
    (copy / "view_6_6.png").unlink()
    with pytest.raises(InputError, match=r"view_6_6\.png"):
        folders(copy)[0]


def test_the_config(tmp_path):
    config = OmegaConf.load(Path(__file__).parents[4] / "conf" / "data" / "light_field.yaml")
    config.root = str(write_views(tmp_path / "scene"))
    samples = instantiate(config.test)
    assert [sample.name for sample in samples] == [
        "scene/pair", "scene/aperture 0.5", "scene/focal +0.5", "scene/focal -0.5",
    ]  # fmt: skip
