"""Small real runs: photographs that the test blurs, moves and brightens, back to a manifest that loads."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from rackfocus.cli import main
from rackfocus.data.apertures.photographs import ManifestPhotographs
from rackfocus.data.preparation.captures import judge
from rackfocus.one_writer import one_writer


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["rackfocus", "prepare", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


def texture(seed: int) -> np.ndarray:
    """Linear light with detail some pixels wide."""
    rng = np.random.default_rng(seed)
    noise = sum(
        cv2.GaussianBlur(rng.normal(size=(256, 320)), (0, 0), sigma) * sigma for sigma in (1.3, 3.0, 9.0)
    )
    return np.repeat(np.clip(0.2 + 0.08 * noise / noise.std(), 0.05, 0.4)[..., None], 3, 2)


def save(path: Path, linear: np.ndarray) -> None:
    encoded = 1.055 * np.clip(linear, 0, 1) ** (1 / 2.4) - 0.055
    assert cv2.imwrite(str(path), np.round(255 * encoded).astype(np.uint8))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "photographs"
    folder.mkdir()
    for number, scene in enumerate(("a", "b", "c")):
        linear = texture(number)
        save(folder / f"{scene}_f16.png", linear)
        save(folder / f"{scene}_f2.png", 1.6 * np.roll(linear, (3, -4), axis=(0, 1)))
        save(folder / f"{scene}_f8.png", 1.1 * linear)
    save(folder / "b_f8.png", texture(99))
    return folder


@pytest.mark.usefixtures("folder")
def test_of_two_at_once_the_second_is_told(monkeypatch, capfd):
    with one_writer(Path("manifest.json")):
        assert run(monkeypatch, "folder=photographs", "manifest=manifest.json") == 2
    assert "manifest.json is being written by another run" in capfd.readouterr().err
    assert [path.name for path in Path().iterdir()] == ["photographs"]


@pytest.mark.usefixtures("folder")
def test_from_a_folder_to_samples(monkeypatch, capfd):
    assert run(monkeypatch, "folder=photographs", "manifest=out/manifest.json") == 0
    out = capfd.readouterr().out
    assert "rejected b_f8.png because" in out
    assert sorted(path.name for path in Path("out").iterdir()) == ["manifest.html", "manifest.json"]
    about = json.loads(Path("out/manifest.json").read_text())
    assert [(item["name"], item["split"]) for item in about["items"]] == [
        ("a/f2-f8", "train"), ("b/f2", "train"), ("c/f2-f8", "validation"),
    ]  # fmt: skip
    wide, middle = about["items"][0]["shots"]
    assert (wide["gain"], middle["gain"]) == (pytest.approx(1.6, rel=0.05), pytest.approx(1.1, rel=0.05))
    np.testing.assert_allclose(wide["warp"], [[1, 0, -4], [0, 1, 3]], atol=0.1)
    sample = ManifestPhotographs("out/manifest.json", "train")[0]
    assert sample.aperture_ratio == 0.25
    assert (sample.shallow - sample.adjusted).abs().mean() < 0.005
    page = Path("out/manifest.html").read_text()
    assert "b_f8.png" in page
    assert "<b>5</b> of 6" in page
    assert page.count("data:image/jpeg") == 6 * 6


def test_a_stopped_run_goes_on(folder, monkeypatch, capfd):
    spoilt = folder / "c_f8.png"
    good = spoilt.read_bytes()
    spoilt.write_bytes(b"spoilt")
    assert run(monkeypatch, "folder=photographs") == 2
    errors = [line for line in capfd.readouterr().err.splitlines() if line.strip()]
    assert len(errors) == 1
    assert "c_f8.png" in errors[0]
    assert not Path("manifest.json").exists()
    assert len(list(Path(".manifest.json.work").glob("*.json"))) == 5
    spoilt.write_bytes(good)
    judged = []

    def noted(deep, shot, limits):
        judged.append(shot)
        return judge(deep, shot, limits)

    monkeypatch.setattr("rackfocus.cli.prepare.captures.judge", noted)
    assert run(monkeypatch, "folder=photographs") == 0
    assert [shot.file.name for shot in judged] == ["c_f8.png"]
    assert len(ManifestPhotographs("manifest.json", "validation")) == 1
    assert not Path(".manifest.json.work").exists()


@pytest.mark.parametrize("flag", ["--skip-broken", "skip_broken=true"])
def test_broken_files_are_listed(folder, monkeypatch, capfd, flag):
    (folder / "a_f16.png").write_bytes(b"spoilt")
    (folder / "b_f2.png").write_bytes((folder / "b_f2.png").read_bytes()[:900])
    assert run(monkeypatch, "folder=photographs", flag) == 0
    out = capfd.readouterr().out
    assert "a_f16.png" in out
    assert "b_f2.png" in out
    assert [i["name"] for i in json.loads(Path("manifest.json").read_text())["items"]] == ["c/f2-f8"]
    assert "b_f2.png is not an image" in Path("manifest.html").read_text()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (["folder=nowhere"], "nowhere is no folder"),
        (["folder=photographs", "manifest=manifest.txt"], "must end in .json"),
        (["folder=photographs", "deep=aif.png"], "aif.png is missing"),
        ([], "'folder' has to be given"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_mistakes(monkeypatch, capfd, settings, says):
    assert run(monkeypatch, *settings) == 2
    assert says in capfd.readouterr().err


def test_a_focal_stack(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    deep = texture(5)
    y, x = np.mgrid[-4:5, -4:5]
    disk = (np.hypot(x, y) <= 4.2).astype(float)
    blurred = cv2.filter2D(deep, -1, disk / disk.sum())
    left = (np.arange(320) < 160)[None, :, None]
    for name, linear in (
        ("aif", deep),
        ("slice_1", np.where(left, deep, blurred)),
        ("slice_2", np.where(left, blurred, deep)),
    ):
        save(tmp_path / f"{name}.png", linear)
    for near_to_far, sign in (("true", 1), ("false", -1)):
        assert run(monkeypatch, "folder=.", "deep=aif.png", f"near_to_far={near_to_far}") == 0
        (sample,) = ManifestPhotographs("manifest.json", "train")
        assert sample.aperture_ratio == 1.0
        assert sample.focal_disparity == pytest.approx(sign * 4.0, abs=1.0)
