"""Tiny real runs of `rackfocus evaluate bokeh`."""

import csv
import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

SIZE = (40, 56)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """RealBokeh's layout with two scenes."""
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", str(tmp_path / "no_weights"))
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path / "no_cache"))
    folder = tmp_path / "data" / "test"
    (folder / "metadata").mkdir(parents=True)
    random = np.random.default_rng(0)
    for scene, numbers in ((1, [2.0, 8.0]), (2, [2.0])):
        names = [f"gt/{scene}/{scene}_f{number}.JPG" for number in numbers]
        about = {"source_image": f"in/{scene}_f22.JPG", "target_images": names, "target_avs": numbers}
        sharp = random.integers(40, 200, (*SIZE, 3)).astype(np.uint8)
        for name, blur in ((about["source_image"], 0.1), *zip(names, (2.0, 0.5), strict=False)):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / name), cv2.GaussianBlur(sharp, (0, 0), blur))
        (folder / "metadata" / f"{scene}.json").write_text(json.dumps(about))
    return tmp_path / "data"


def settings(root, *more):
    run = ("checkpoint=net.safetensors", "network_size_px=null", "hydra.run.dir=run")
    return ("evaluate", "bokeh", f"published.root={root}", *run, *more)


def rows(name):
    with Path("run", name).open() as file:
        return list(csv.DictReader(file))


def test_ours_are_rendered_and_scored_by_f_number(call, root, capsys):
    assert call(*settings(root)) == 0
    printed = capsys.readouterr().out
    assert "No LPIPS" in printed
    records = rows("records.csv")
    assert [(row["image"], row["method"], row["target"]) for row in records] == [
        (image, method, target)
        for image, target in (("1_f2.0", "f/2"), ("1_f8.0", "f/8"), ("2_f2.0", "f/2"))
        for method in ("input, not blurred", "ours")
    ]
    assert [(row["data_set"], row["images"]) for row in rows("summary.csv") if row["method"] == "ours"] == [
        ("f/2", "2"),
        ("f/8", "1"),
        ("realbokeh", "3"),
    ]
    assert sorted(path.name for path in Path("run/results").iterdir()) == [
        "1_f2.0.png",
        "1_f8.0.png",
        "2_f2.0.png",
    ]
    assert not Path("run/results.zip").exists()


def test_results_of_others(call, root):
    Path("theirs").mkdir()
    for file in (root / "test" / "gt").rglob("*.JPG"):
        cv2.imwrite(f"theirs/{file.stem}.png", cv2.imread(str(file)))
    assert call(*settings(root, "results=theirs")) == 0
    theirs = [row for row in rows("records.csv") if row["method"] == "theirs"]
    assert len(theirs) == 3
    assert all(row["psnr"] == "inf" and float(row["ssim"]) == 1 for row in theirs)
    assert not Path("run/results").exists()


def test_the_inputs_of_the_challenge_become_an_archive(call, root, capsys):
    for file in (root / "test" / "gt").rglob("*.JPG"):
        file.unlink()
    assert call(*settings(root)) == 0
    assert "to be submitted" in capsys.readouterr().out
    with zipfile.ZipFile("run/results.zip") as archive:
        assert sorted(archive.namelist()) == ["1_f2.0.png", "1_f8.0.png", "2_f2.0.png", "readme.txt"]
    assert call(*settings(root, "results=run/results", "hydra.run.dir=again")) == 2
    assert "has inputs only there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("results=nowhere",), "nowhere is no folder"),
        (("results=data",), "lacks 3 of 3 pictures"),
        (("published.split=train",), "train/metadata is no folder"),
        (("published=ebb_val294",), "holds no Training/original"),
        (("published=blb",), "holds no scene"),
        (("published=mine",), "published"),
    ],
)
def test_mistakes(call, root, more, says, capsys):
    assert call(*settings(root, *more)) == 2
    error = capsys.readouterr().err
    assert says in error
    assert "Traceback" not in error
