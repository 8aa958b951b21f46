"""Tiny real runs of `rackfocus benchmark stabilizer` and `rackfocus evaluate stabilizer`."""

import csv
import sys

import cv2
import numpy as np
import pytest

from rackfocus.cli import main


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["rackfocus", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


@pytest.mark.slow
def test_benchmark(raytraced, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    small = ("size=96x64", "memory_size=96x64", "memory_frames=[2]", "frames=1", f"data.root={raytraced}")
    assert run(monkeypatch, "benchmark", "stabilizer", *small) == 0
    assert "times as cheap as the naive design" in capfd.readouterr().out
    (made,) = (tmp_path / "runs" / "benchmark").iterdir()
    with (made / "stabilizer.csv").open() as file:
        assert [row["stage"] for row in csv.DictReader(file)][-1] == "the naive design"


def test_evaluate(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "frames").mkdir()
    picture = np.random.default_rng(0).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    for number in range(3):
        cv2.imwrite(str(tmp_path / "frames" / f"{number}.png"), picture)
    one = (
        "~clips",
        "+clips.a._target_=rackfocus.evaluation.stabilizer.clips.VideoClip",
        "+clips.a.path=frames",
    )
    assert run(monkeypatch, "evaluate", "stabilizer", "frames=3", "network_size_px=32", *one) == 0
    assert "warped error" in capfd.readouterr().out
    (made,) = (tmp_path / "runs" / "evaluate").iterdir()
    with (made / "stabilizer.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == 2 * ["per frame", "causal", "look_ahead"]
    assert (made / "a_network_noise.jpg").is_file()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("benchmark", "stabilizer", "frames=0"), "frames must be more than 0"),
        (("benchmark", "stabilizer", "memory_frames=[]"), "memory_frames must be"),
        (("benchmark", "stabilizer", "size=huge"), "There is no size"),
        (("evaluate", "stabilizer", "frames=1"), "frames must be 2 or more"),
        (("evaluate", "stabilizer", "root=nowhere", "flow.preset=slow"), "flow.preset must be one of"),
    ],
)
def test_mistakes(arguments, says, raytraced, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    data = (f"data.root={raytraced}",) if arguments[0] == "benchmark" else ("root=nowhere",)
    assert run(monkeypatch, *arguments, *data) == 2
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line.strip()]
    assert says in line
