"""Small real runs of `prepare teacher` and `prepare cut_outs`, with models that look at a colour."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from rackfocus.cli import main
from rackfocus.cli.prepare import cut_outs
from rackfocus.cli.prepare import teacher as prepare_teacher
from rackfocus.data.taught.taught_photographs import LabelledPhotographs
from rackfocus.one_writer import one_writer


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["rackfocus", "prepare", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Red disks before green, brighter below."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, radius in (("a", 45), ("b", 50), ("small", 3)):
        picture = np.zeros((120, 160, 3), np.uint8)
        picture[..., 1] = np.linspace(0, 200, 120, dtype=np.uint8)[:, None]
        cv2.circle(picture, (80, 60), radius, (0, 0, 255), -1)
        cv2.imwrite(str(folder / f"{name}.png"), picture)
    return folder


class Teacher:
    asked = 0

    def __call__(self, srgb):
        Teacher.asked += 1
        return srgb[:, 1:2]


@pytest.fixture
def teacher(monkeypatch):
    Teacher.asked = 0
    monkeypatch.setattr(prepare_teacher, "instantiate", lambda _: Teacher())


@pytest.mark.usefixtures("teacher", "folder")
def test_of_two_at_once_the_second_is_told(monkeypatch, capfd):
    with one_writer(Path("labels")):
        assert run(monkeypatch, "teacher", "photographs=photos", "folder=labels") == 2
    assert "labels is being written by another run" in capfd.readouterr().err
    assert not Path("labels").exists()
    assert Teacher.asked == 0


@pytest.mark.usefixtures("teacher", "folder")
def test_labels_are_made_once(monkeypatch, capfd):
    arguments = ("teacher", "photographs=photos", "folder=labels")
    assert run(monkeypatch, *arguments) == 0
    assert "3 pictures with labels, 3 of them new" in capfd.readouterr().out
    labels = LabelledPhotographs("labels")
    assert [labels[index].name for index in range(3)] == ["photos/a", "photos/b", "photos/small"]
    nearness = labels[0].nearness[0]
    assert nearness[-1, 0] > 0.99
    assert nearness[60, 80] < 0.01
    # A run goes on with what is missing.
    Path("labels/photos/b.nearness.png").unlink()
    assert run(monkeypatch, *arguments) == 0
    assert "3 pictures with labels, 1 of them new" in capfd.readouterr().out
    assert Teacher.asked == 4
    assert len(LabelledPhotographs("labels")) == 3


@pytest.mark.usefixtures("teacher", "folder")
def test_labels_of_two_teachers_are_not_mixed(monkeypatch, capfd):
    assert run(monkeypatch, "teacher", "photographs=photos", "folder=labels") == 0
    other = ("teacher", "photographs=photos", "folder=labels", "teacher=tcmonodepth")
    assert run(monkeypatch, *other) == 2
    assert "labels by another teacher" in capfd.readouterr().err
    Path("labels/teacher.json").write_text("{")
    assert run(monkeypatch, *other) == 2
    assert "teacher.json cannot be read" in capfd.readouterr().err


@pytest.mark.usefixtures("folder")
def test_what_the_teacher_spoils_is_told(monkeypatch, capfd):
    broken = torch.full((1, 1, 120, 160), torch.nan)
    monkeypatch.setattr(prepare_teacher, "instantiate", lambda _: lambda _image: broken)
    assert run(monkeypatch, "teacher", "photographs=photos", "folder=labels") == 2
    assert "no finite nearness of photos/a" in capfd.readouterr().err
    assert run(monkeypatch, "teacher", "photographs=nowhere", "folder=labels") == 2
    assert "nowhere is no folder" in capfd.readouterr().err
    assert run(monkeypatch, "teacher", "photographs=photos", "folder=labels", "longer_side_px=8") == 2
    assert "longer_side_px" in capfd.readouterr().err


@pytest.mark.usefixtures("folder")
def test_subjects_are_cut_out_once(monkeypatch, capfd):
    real = cut_outs.instantiate

    def red_or_rules(node):
        rules = str(node.get("_target_")).endswith("Rules")
        return real(node) if rules else lambda srgb: (srgb[:, :1] > 0.5).float()

    monkeypatch.setattr(cut_outs, "instantiate", red_or_rules)
    assert run(monkeypatch, "cut_outs", "photographs=photos", "folder=cut") == 0
    assert "2 subjects of 3 new pictures" in capfd.readouterr().out
    assert sorted(path.name for path in Path("cut").rglob("*.png")) == ["a.png", "b.png"]
    assert cv2.imread("cut/photos/a.png", cv2.IMREAD_UNCHANGED).shape[2] == 4
    assert "it fills" in Path("cut/.seen/photos/small.txt").read_text()
    assert run(monkeypatch, "cut_outs", "photographs=photos", "folder=cut") == 0
    assert "0 subjects of 0 new pictures" in capfd.readouterr().out
