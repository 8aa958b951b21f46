"""A sweep in which jobs fail ends with what the others left."""

import csv

import pytest
import torch

from rackfocus.cli.command import run_command, run_folder
from rackfocus.models.checkpoints import save_model
from rackfocus.models.rgbd_hdr import RGBDHDRNet
from rackfocus.types import InputError


@pytest.fixture
def sweep(tmp_path, raytraced, monkeypatch):
    """Runs a job for the seeds 1 to 4, on one test scene, in the folder `sweep`; gives the exit code."""
    (tmp_path / "data" / "test").mkdir(parents=True)
    (tmp_path / "data" / "test" / "1203").symlink_to(raytraced / "test" / "1203")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["rackfocus"])

    def command(job, *settings):
        arguments = ["-m", "seed=1,2,3,4", "data.root=data", "hydra.sweep.dir=sweep"]
        try:
            return run_command("train", job, [*arguments, *settings])
        except SystemExit as stop:
            return stop.code

    return command


def leave_network(cfg):
    torch.manual_seed(cfg.seed)
    save_model(RGBDHDRNet(base_width=4, levels=2), run_folder() / "rgbd_hdr.safetensors")


def methods(path):
    with path.open() as file:
        return list(dict.fromkeys(row["method"] for row in csv.DictReader(file)))


def test_two_jobs_of_four_fail(sweep, tmp_path, capfd):
    def job(cfg):
        if cfg.seed in (2, 3):
            raise InputError(f"Seed {cfg.seed} has no luck.")
        leave_network(cfg)

    assert sweep(job) == 2
    printed, errors = capfd.readouterr()
    assert methods(tmp_path / "sweep" / "summary.csv") == ["seed=1", "seed=4"]
    assert (tmp_path / "sweep" / "records.csv").is_file()
    assert "seed=4" in printed
    assert "rackfocus train, job 1: Seed 2 has no luck." in errors
    assert "Jobs that failed, each with its error.txt: sweep/1, sweep/2" in errors
    assert (tmp_path / "sweep" / "2" / "error.txt").read_text() == "Seed 3 has no luck.\n"
    assert sweep(leave_network, "~data.test") == 0
    assert not list((tmp_path / "sweep").glob("*/error.txt"))


def test_a_bug_in_one_job_does_not_stop_the_others(sweep, tmp_path, capfd):
    def job(cfg):
        if cfg.seed == 1:
            raise ZeroDivisionError
        leave_network(cfg)

    assert sweep(job, "seed=1,2", "~data.test") == 1
    assert len(list((tmp_path / "sweep").glob("*/rgbd_hdr.safetensors"))) == 1
    assert "Traceback" in capfd.readouterr().err
    assert (tmp_path / "sweep" / "0" / "error.txt").read_text().endswith("ZeroDivisionError\n")
