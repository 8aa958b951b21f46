"""The table at the end of a sweep, and of several, made of what the jobs left."""

import csv
import shutil

import pytest
import torch
from omegaconf import OmegaConf

from rackfocus.cli.collect import main
from rackfocus.cli.runs.collected import job_names
from rackfocus.cli.runs.sweep_table import SweepTable
from rackfocus.models.checkpoints import save_model
from rackfocus.models.rgbd_hdr import RGBDHDRNet


@pytest.fixture
def sweep(tmp_path, raytraced):
    """Two jobs that ended and one that did not, on one test scene."""
    (tmp_path / "data" / "test").mkdir(parents=True)
    (tmp_path / "data" / "test" / "1203").symlink_to(raytraced / "test" / "1203")
    scenes = {
        "_target_": "rackfocus.data.apertures.raytraced.RaytracedScenes",
        "root": "${..root}",
        "split": "test",
    }
    for number, experiment in enumerate(["rgbd_hdr", "renderer_paper", "without_hdr"]):
        job = tmp_path / "sweep" / str(number)
        (job / ".hydra").mkdir(parents=True)
        cfg = {
            "data": {"root": str(tmp_path / "data"), "test": scenes},
            "loss": {"renderer": {"formulation": "paper" if experiment == "renderer_paper" else "coverage"}},
        }
        OmegaConf.save(OmegaConf.create(cfg), job / ".hydra" / "config.yaml")
        overrides = [f"experiment={experiment}", "budget=two_cores"]
        OmegaConf.save(OmegaConf.create(overrides), job / ".hydra" / "overrides.yaml")
        if number < 2:
            torch.manual_seed(0)
            save_model(RGBDHDRNet(base_width=4, levels=2), job / "rgbd_hdr.safetensors")
    return tmp_path / "sweep"


def finish(sweep):
    SweepTable().on_multirun_end(OmegaConf.create({"hydra": {"sweep": {"dir": str(sweep)}}}))


def test_every_job_that_ended_has_a_row_under_what_sets_it_apart(sweep, capsys):
    finish(sweep)
    with (sweep / "summary.csv").open() as file:
        rows = {row["method"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["rgbd_hdr", "renderer_paper"]
    printed = capsys.readouterr().out
    assert "renderer_paper" in printed
    assert "without_hdr" not in printed


def test_each_is_rendered_by_the_renderer_it_was_trained_with(sweep):
    """The networks are the same, so only the renderer tells them apart."""
    finish(sweep)
    with (sweep / "summary.csv").open() as file:
        ours, paper = csv.DictReader(file)
    assert ours["disparity_rms"] == paper["disparity_rms"]
    assert float(ours["psnr"]) > float(paper["psnr"])


def test_nothing_else_that_a_job_names_is_made(sweep, tmp_path, capsys):
    for job in (sweep / "0", sweep / "1"):
        cfg = {"data": {"test": {"_target_": "os.mkdir", "path": str(tmp_path / "trace")}}}
        OmegaConf.save(OmegaConf.create(cfg), job / ".hydra" / "config.yaml")
    finish(sweep)
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "trace").exists()


def test_without_a_trained_job_nothing_is_written(tmp_path, capsys):
    finish(tmp_path)
    assert capsys.readouterr().out == ""
    assert list(tmp_path.iterdir()) == []


def test_jobs_that_differ_in_nothing_keep_their_numbers(sweep):
    assert job_names([sweep / "0"]) == ["0"]
    (sweep / "0" / ".hydra" / "overrides.yaml").write_text("- +a=${seed}\n")
    assert job_names([sweep / "0", sweep / "1"])[0] == "+a=${seed}"


@pytest.fixture
def collect(tmp_path, monkeypatch):
    """The exit code of the command, called in another folder."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr("sys.argv", ["rackfocus"])

    def command(*arguments):
        try:
            return main([str(argument) for argument in arguments])
        except SystemExit as stop:
            return stop.code

    return command


def test_trainings_of_two_machines_are_one_table(sweep, tmp_path, collect, capfd):
    """The data of the second lay elsewhere, and it was queued again; its job of the same settings failed."""
    other = tmp_path / "other"
    shutil.copytree(sweep / "0", other)
    moved = ["experiment=rgbd_hdr", "budget=two_cores", "seed=7", "data.root=/gone", "ckpt=last"]
    OmegaConf.save(OmegaConf.create(moved), other / ".hydra" / "overrides.yaml")
    cfg = OmegaConf.load(other / ".hydra" / "config.yaml")
    cfg.data.root = "/gone"
    OmegaConf.save(cfg, other / ".hydra" / "config.yaml")
    (sweep / "1" / "error.txt").write_text("The loss is not finite.\n")
    assert collect(sweep, other) == 0
    assert "/gone" in capfd.readouterr().out
    assert collect(sweep, other, f"root={tmp_path / 'data'}", "out=made") == 0
    with (tmp_path / "here" / "made" / "summary.csv").open() as file:
        ours, again = csv.DictReader(file)
    assert (ours.pop("method"), again.pop("method")) == ("rgbd_hdr", "rgbd_hdr, seed=7")
    assert ours == again
    assert f"{sweep / '1'} has no row: The loss is not finite." in capfd.readouterr().out


def test_two_of_one_name_have_their_folders(sweep, tmp_path):
    shutil.copytree(sweep / "0", tmp_path / "other")
    names = job_names([sweep / "0", sweep / "1", tmp_path / "other"])
    assert names == [f"{sweep / '0'}: rgbd_hdr", "renderer_paper", f"{tmp_path / 'other'}: rgbd_hdr"]


def test_where_nothing_was_trained_there_is_no_table(sweep, tmp_path, collect, capfd):
    (sweep / "0" / "rgbd_hdr.safetensors").unlink()
    (sweep / "1" / "rgbd_hdr.safetensors").unlink()
    assert collect(sweep) == 2
    assert f"There is no training in {sweep}; give the folder of one" in capfd.readouterr().err
    (sweep / "0" / "checkpoints").mkdir()
    assert collect(sweep) == 2
    printed, errors = capfd.readouterr()
    assert f"{sweep / '0'} has no row: there is no rgbd_hdr.safetensors" in printed
    assert "No training has a row" in errors
    assert list((tmp_path / "here").iterdir()) == []
