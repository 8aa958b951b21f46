"""A tiny real run of `rackfocus benchmark training`, and that all ways take the same step."""

import csv
import sys

import pytest
import torch

from rackfocus.cli import main
from rackfocus.data.apertures.raytraced import load_scene, scene_folders
from rackfocus.evaluation.benchmarks.renderer.inputs import Size
from rackfocus.evaluation.benchmarks.training import OffsetNetwork, ReferenceRenderer, focal_triplet
from rackfocus.losses.aperture_supervision import ApertureSupervision
from rackfocus.optics import Renderer

TINY = ("model.base_width=4", "model.levels=3", "size=48", "radius=3", "rounds=2", "cores=1")


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["rackfocus", "benchmark", "training", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


def test_each_way_is_timed(raytraced, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, f"data.root={raytraced}", *TINY) == 0
    assert "times as fast" in capfd.readouterr().out
    (made,) = (tmp_path / "runs" / "benchmark").iterdir()
    with (made / "training.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    assert float(rows[0]["speed_up"]) == 1
    assert float(rows[1]["samples_per_s"]) == pytest.approx(1 / float(rows[1]["seconds"]), rel=1e-3)
    assert all(float(row["seconds"]) > 0 and row["rounds"] == "2" for row in rows)


def test_both_renderers_see_a_learned_disparity_and_give_one_loss(raytraced, tiny_network):
    scene = load_scene(scene_folders(raytraced, "test")[0])
    batch, disparity = focal_triplet(scene, Size(48, 40), 6)
    assert batch.deep.shape == (1, 3, 40, 48)
    assert float(disparity.abs().max()) == pytest.approx(6)
    prediction = OffsetNetwork(tiny_network, disparity)(batch.deep)
    assert float((prediction.disparity.detach() - disparity).abs().max()) < 1
    totals = [
        ApertureSupervision(renderer("transmittance"))(prediction, **batch._asdict()).total
        for renderer in (Renderer, ReferenceRenderer)
    ]
    torch.testing.assert_close(*totals, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("rounds=0", "rounds must be more"),
        ("cores=5000", "cores must be 1 to"),
        ("device=cuda:99", "device=cuda:99 is not there"),
    ],
)
def test_mistakes(setting, says, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, setting) == 2
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line.strip()]
    assert says in line
