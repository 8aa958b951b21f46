"""A tiny real run of `rackfocus benchmark tracker`."""

import csv
import sys

import cv2
import numpy as np
import pytest

from rackfocus.cli import main


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["rackfocus", "benchmark", "tracker", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


def test_a_small_sequence(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "panned"
    (folder / "img").mkdir(parents=True)
    rough = np.random.default_rng(0).integers(0, 255, (16, 32, 3)).astype(np.uint8)
    scene = cv2.resize(rough, (320, 160), interpolation=cv2.INTER_CUBIC)
    for number in range(4):
        cv2.imwrite(str(folder / "img" / f"{number:04d}.png"), scene[:120, 3 * number : 3 * number + 160])
    boxes = [f"{60 - 3 * number} 40 30 30" for number in range(4)]
    (folder / "groundtruth_rect.txt").write_text("\n".join(boxes))
    assert run(monkeypatch, f"root={folder}", "~trackers.nano", "~trackers.csrt") == 0
    assert "4 frames of panned" in capfd.readouterr().out
    (made,) = (tmp_path / "runs" / "benchmark").iterdir()
    with (made / "records.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["tracker"] for row in rows] == ["kcf alone", "kcf"]
    assert all(float(row["success_auc"]) > 0.8 for row in rows)
    assert "| panned | kcf |" in (made / "table.md").read_text()


@pytest.mark.parametrize(
    ("setting", "says"),
    [("root=nowhere", "nowhere holds no sequence of OTB"), ("trackers.kcf.speed=3", "no setting")],
)
def test_mistakes(setting, says, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, setting) == 2
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line.strip()]
    assert says in line
