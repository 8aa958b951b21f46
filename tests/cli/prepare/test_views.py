"""Small real runs: light fields of 3x3 views to files with the same samples."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from rackfocus.cli import main
from rackfocus.data.apertures.light_fields.folders import LightFieldFolders
from rackfocus.data.apertures.light_fields.samples import Refocus
from rackfocus.data.apertures.prepared_views import PreparedViews
from rackfocus.types import InputError, MissingSplit

SETTINGS = ("data=light_field", "data.root=fields", "folder=views", "workers=1")
SAME = [Refocus(), Refocus(0.5), Refocus(slope_change=0.5), Refocus(slope_change=-0.5)]


@pytest.fixture(autouse=True)
def fields(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("a", "a.b", "c")):
        Path("fields", name).mkdir(parents=True)
        rng = np.random.default_rng(number)
        for row, column in np.ndindex(3, 3):
            view = rng.integers(0, 255, (20, 30, 3), np.uint8)
            cv2.imwrite(f"fields/{name}/view_{row}_{column}.png", view)


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["rackfocus", "prepare", "views", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


def test_the_same_samples(monkeypatch, capfd):
    assert run(monkeypatch, *SETTINGS) == 0
    assert "test: 12 samples of 3 light fields" in capfd.readouterr().out
    before, after = (
        LightFieldFolders("fields", focus_slope=0.0, adjusted=SAME),
        PreparedViews("views", "test"),
    )
    assert len(before) == len(after) == 12
    for one, other in zip(before, after, strict=True):
        assert (one.name, one.aperture_ratio, one.focal_disparity) == (
            other.name, other.aperture_ratio, other.focal_disparity,
        )  # fmt: skip
        for field in ("deep", "shallow", "adjusted"):
            assert torch.equal(getattr(one, field), getattr(other, field))
    assert after[0].adjusted is after[0].shallow or torch.equal(after[0].adjusted, after[0].shallow)
    assert after[-1].name == "c/focal -0.5"
    with pytest.raises(IndexError):
        after[12]


def test_a_stopped_run_goes_on(monkeypatch, capfd):
    spoilt = Path("fields/c/view_1_1.png")
    good = spoilt.read_bytes()
    spoilt.write_bytes(b"spoilt")
    assert run(monkeypatch, *SETTINGS) == 2
    assert "c/view_1_1.png" in capfd.readouterr().err
    with pytest.raises(MissingSplit, match=r"test\.json is missing; make the split, or finish it"):
        PreparedViews("views", "test")
    files = sorted(Path("views/test").iterdir())
    assert [file.name for file in files] == ["a.b.safetensors", "a.safetensors"]
    made = [file.stat().st_mtime_ns for file in files]
    spoilt.write_bytes(good)
    assert run(monkeypatch, *SETTINGS) == 0
    assert [file.stat().st_mtime_ns for file in files] == made
    assert len(PreparedViews("views", "test")) == 12


def test_settings_are_not_mixed(monkeypatch, capfd):
    assert run(monkeypatch, *SETTINGS) == 0
    assert run(monkeypatch, *SETTINGS, "data.focus_slope=0.3") == 2
    assert "views holds views of other data or with other settings" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (("data=light_field", "data.root=nowhere", "folder=views"), "nowhere is no folder"),
        (("data=ebb", "data.root=fields", "folder=views"), "fields holds no Training/original"),
        (("data=pictures", "data.root=fields", "folder=views"), "Views are of light fields"),
        ((*SETTINGS, "workers=0"), "workers must be at least 1"),
        (("data.root=fields",), "holds no IMG_<number>_eslf.png"),
    ],
)
def test_mistakes(monkeypatch, capfd, settings, says):
    assert run(monkeypatch, *settings) == 2
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line.strip()]
    assert says in line


def test_damaged_files_are_named(monkeypatch):
    assert run(monkeypatch, *SETTINGS) == 0
    samples = PreparedViews("views", "test")
    file = Path("views/test/a.safetensors")
    whole = file.read_bytes()
    for content in (b"", b"spoilt", whole[:-8]):
        file.write_bytes(content)
        with pytest.raises(InputError, match=r"a\.safetensors is damaged; delete it"):
            samples[1]
    file.unlink()
    with pytest.raises(InputError, match=r"a\.safetensors is missing"):
        samples[1]
    Path("views/test.json").write_text("{}")
    with pytest.raises(InputError, match=r"test\.json cannot be read"):
        PreparedViews("views", "test")
