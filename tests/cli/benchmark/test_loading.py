"""A tiny real run of `rackfocus benchmark loading`."""

import csv
import math
import sys

import pytest

from rackfocus.cli import main
from rackfocus.data.apertures.flower import Flower
from rackfocus.data.apertures.light_fields.samples import Refocus

TINY = (
    "experiment=demo",
    "model.base_width=4",
    "model.levels=3",
    "datamodule.view.shorter_side_px=[40,48]",
    "datamodule.view.crop_px=40",
    "workers=[0,1]",
    "batches=3",
    "steps=1",
)


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["rackfocus", "benchmark", "loading", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


def test_loading_beside_the_training_step(raytraced, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, f"data.root={raytraced}", *TINY) == 0
    assert "samples a second loaded" in capfd.readouterr().out
    (made,) = (tmp_path / "runs" / "benchmark").iterdir()
    with (made / "loading.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["workers"] for row in rows] == ["0", "1"]
    assert all(float(row["samples_per_second"]) > 0 for row in rows)


def test_a_given_rate_of_training(raytraced, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, f"data.root={raytraced}", *TINY, "workers=[1]", "samples_per_second=10") == 0
    (made,) = (tmp_path / "runs" / "benchmark").iterdir()
    with (made / "loading.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["workers"], row["trained_samples_per_second"]) for row in rows] == [("0", "10"), ("1", "10")]
    (cost,) = {float(row["processor_seconds"]) for row in rows}
    assert cost > 0
    assert f"which {math.ceil(10 * cost)} workers" in " ".join(capfd.readouterr().out.split())


@pytest.mark.slow
def test_generated_light_fields(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    few = ("workers=[0]", "batches=1", "samples_per_second=10")
    assert run(monkeypatch, "data=flower", "generated=1", *few) == 0
    (made,) = (tmp_path / "runs" / "benchmark").iterdir()
    (field,) = Flower(made / "Flowers_8bit", "train", adjusted=[Refocus()])
    assert field.deep.shape == (3, 372, 540)
    assert 0.3 < field.deep.mean() < 0.8


def test_help(monkeypatch, capfd):
    assert run(monkeypatch, "--help") == 0
    assert "rackfocus benchmark loading" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("batches=0", "batches must be more than 0"),
        ("workers=[-1]", "workers must be"),
        ("data=sintel", "no split 'train'"),
        ("generated=1", "generated for data=flower alone"),
        ("samples_per_second=0", "samples_per_second must be more than 0"),
    ],
)
def test_mistakes(setting, says, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "data.root=nowhere", setting) == 2
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line.strip()]
    assert says in line
