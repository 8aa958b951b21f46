"""`rackfocus data check` on the embedded scenes, whole and spoilt."""

import shutil
import sys
from pathlib import Path

import cv2
import pytest

from rackfocus.cli import data, main

MIXED = """
defaults:
  - /data@near: raytraced
  - /data@far: raytraced
  - _self_
near: {root: ROOT}
far: {root: ROOT}
train:
  _target_: rackfocus.data.mixture.WeightedMixture
  datasets: {near: "${...near.train}", far: "${...far.test}"}
  weights: {near: 1, far: 2}
validation:
  _target_: torch.utils.data.ConcatDataset
  datasets: ["${...near.validation}", "${...far.test}"]
"""


@pytest.fixture
def few(tmp_path, raytraced):
    """Two scenes a split."""
    root = tmp_path / "few"
    for split in ("train", "validation", "test"):
        for folder in sorted((raytraced / split).iterdir())[:2]:
            shutil.copytree(folder, root / split / folder.name)
    return root


def run(monkeypatch, capfd, *arguments):
    monkeypatch.setattr(sys, "argv", ["rackfocus", "data", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    out, err = capfd.readouterr()
    return stop.value.code, out, err


def sentence(err):
    (line,) = [line for line in err.splitlines() if line.strip()]
    return line


def test_a_whole_data_set(few, tmp_path, monkeypatch, capfd):
    code, out, err = run(
        monkeypatch, capfd, "check", f"data.root={few}", f"folder={tmp_path / 'made'}", "samples=3"
    )
    assert code == 0, err
    for split in ("train", "validation", "test"):
        assert f"raytraced, {split}: 4 samples" in out
        assert cv2.imread(str(tmp_path / "made" / f"{split}.png")).shape[1] > 1000
    assert "3 x 256 x 384" in out
    assert "All files can be read." in out
    assert not (tmp_path / "made" / "broken.txt").exists()


def test_the_first_broken_file_ends_it(few, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (few / "train" / "0001" / "f2.exr").write_bytes(b"no picture")
    code, _, err = run(monkeypatch, capfd, "check", f"data.root={few}")
    assert code == 2
    assert str(few / "train" / "0001" / "f2.exr") in sentence(err)


def test_skip_broken_lists_all_of_them(few, tmp_path, monkeypatch, capfd):
    first, second = few / "train" / "0001" / "f2.exr", few / "test" / "1200" / "disparity.png"
    first.write_bytes(b"no picture")
    second.unlink()
    shutil.rmtree(few / "validation")
    made = tmp_path / "made"
    code, out, err = run(monkeypatch, capfd, "check", f"data.root={few}", "--skip-broken", f"folder={made}")
    assert code == 0, err
    listed = (made / "broken.txt").read_text().splitlines()
    assert [str(first) in listed[0], str(few / "validation") in listed[1], str(second) in listed[2]] == [
        True
    ] * 3
    assert "3 broken" in out
    assert all(line in out for line in listed)
    assert (made / "train.png").is_file()


def test_a_part_with_training_videos_alone(shared, tmp_path, monkeypatch, capfd):
    """The real video of DHF1K; a whole set would have others for validation."""
    root = shared / "data" / "gaze_saliency" / "dhf1k_002"
    code, out, err = run(
        monkeypatch,
        capfd,
        "check",
        "data=dhf1k",
        f"data.root={root}",
        f"folder={tmp_path}",
        *("data.window=4", "data.stride=160", "data.longer_side_px=96", "samples=1"),
    )
    assert code == 0, err
    assert "dhf1k, train: 2 samples" in out
    assert f"A split is not there: {root} holds no annotated video 0601 to 0700" in out
    assert "All files can be read." in out


def test_no_split_is_there(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    code, _, err = run(monkeypatch, capfd, "check", "data=realbokeh", "data.root=empty", "--skip-broken")
    assert code == 2
    assert "empty/train/metadata is no folder" in sentence(err)


def test_a_mixture_of_configs(few, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine" / "data").mkdir(parents=True)
    (tmp_path / "mine" / "data" / "mixed.yaml").write_text(MIXED.replace("ROOT", str(few)))
    code, out, err = run(
        monkeypatch, capfd, "check", "data=mixed", "samples=1", "--config-dir", tmp_path / "mine"
    )
    assert code == 0, err
    assert "mixed, train: 12 samples" in out
    assert "mixed, validation: 8 samples" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("check", "data.root=nowhere"), "nowhere/train is no folder"),
        (("check", "data=nonesuch"), "nonesuch"),
        (("check", "samples=0"), "samples must be 1 or more"),
        (("look",), "There is no `rackfocus data look`; choose one of check."),
        ((), "'what' has to be given"),
        (("check", "data=missing_root", "--config-dir", "mine"), "'data.root' has to be given"),
        (("check", "data=empty", "--config-dir", "mine"), "names no split"),
    ],
)
def test_mistakes_are_one_sentence(arguments, says, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    folder = Path("mine/data")
    folder.mkdir(parents=True)
    scenes = "rackfocus.data.apertures.raytraced.RaytracedScenes"
    split = f"train: {{_target_: {scenes}, root: '${{..root}}', split: train}}"
    (folder / "missing_root.yaml").write_text(f"root: ???\n{split}\n")
    (folder / "empty.yaml").write_text("root: here\n")
    code, _, err = run(monkeypatch, capfd, *arguments)
    assert code == 2
    assert says in sentence(err)


def test_ctrl_c_is_one_sentence(few, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)

    def interrupt(*_arguments, **_settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(data, "check_split", interrupt)
    code, _, err = run(monkeypatch, capfd, "check", f"data.root={few}")
    assert code == 130
    assert sentence(err) == "rackfocus data: interrupted."


def test_help_tells_what_there_is(monkeypatch, capfd):
    code, out, _ = run(monkeypatch, capfd, "--help")
    assert code == 0
    assert "rackfocus data check" in out
    assert "--skip-broken" in out
    assert "raytraced" in out
