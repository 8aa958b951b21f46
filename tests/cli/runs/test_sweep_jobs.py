"""A sweep by workers leaves and returns what one by Hydra's own launcher does."""

import os
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import HydraContext
from omegaconf import OmegaConf

from hydra_plugins.rackfocus_launcher import WorkersLauncher
from rackfocus.cli.command import run_command
from rackfocus.cli.configs.files import config_folder
from rackfocus.jobs.local import LocalWorkers
from rackfocus.types import InputError

HERE = ("hydra/launcher=ray", "batch@hydra.launcher.workers=local")
IN_THIS_PROCESS = (*HERE, "+hydra.launcher.workers.alone_in_this_process=true")


def job(cfg):
    """Some settings have no score, some are wrong, and one takes the process with it."""
    if cfg.seed == 13:
        raise InputError("13 is no seed.")
    if cfg.seed == 14:
        os._exit(9)
    Path(HydraConfig.get().runtime.output_dir, "ran").write_text(f"{HydraConfig.get().job.num} {os.getpid()}")
    return None if cfg.seed == 12 else cfg.seed / 4


@pytest.fixture
def sweep(tmp_path, monkeypatch):
    """The exit code of a sweep of `job`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["rackfocus"])

    def command(*settings):
        arguments = ["-m", "hydra.sweep.dir=sweep", "~hydra.callbacks.sweep_table", *settings]
        return run_command("train", job, arguments)

    return command


def test_every_job_runs_in_its_folder(sweep):
    assert sweep("seed=3,4", *IN_THIS_PROCESS) == 0
    for number, seed in enumerate((3, 4)):
        folder = Path("sweep", str(number))
        assert (folder / "ran").read_text() == f"{number} {os.getpid()}"
        assert f"seed={seed}" in OmegaConf.load(folder / ".hydra" / "overrides.yaml")


def test_a_job_that_fails_is_told_and_the_others_run(sweep, capfd):
    with pytest.raises(SystemExit) as stop:
        sweep("seed=13,4", *IN_THIS_PROCESS)
    assert stop.value.code == 2
    assert Path("sweep/0/error.txt").read_text() == "13 is no seed.\n"
    assert Path("sweep/1/ran").is_file()
    assert "rackfocus train, job 0: 13 is no seed." in capfd.readouterr().err


@pytest.mark.slow
def test_a_job_whose_process_dies_is_told_and_the_others_run(sweep, capfd):
    with pytest.raises(SystemExit) as stop:
        sweep("seed=14,4", *HERE)
    assert stop.value.code == 2
    assert Path("sweep/0/error.txt").read_text() == "its process ended with code 9\n"
    number, process = Path("sweep/1/ran").read_text().split()
    assert number == "1"
    assert process != str(os.getpid())
    assert "#0 failed: its process ended with code 9" in capfd.readouterr().out


def test_a_sweeper_learns_the_scores(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        settings = ["hydra.sweep.dir=sweep", "hydra.mode=MULTIRUN"]
        cfg = compose("train", overrides=settings, return_hydra_config=True)
        launcher = WorkersLauncher(LocalWorkers(1, alone_in_this_process=True))
        context = HydraContext(config_loader=loader, callbacks=Callbacks())
        launcher.setup(hydra_context=context, task_function=job, config=cfg)
        ended = launcher.launch([["seed=3"], ["seed=12"], ["seed=4"]], initial_job_idx=5)
    assert [each.return_value for each in ended] == [0.75, None, 1.0]
    assert [list(each.overrides) for each in ended] == [["seed=3"], ["seed=12"], ["seed=4"]]
    assert sorted(path.name for path in Path("sweep").iterdir()) == ["5", "6", "7"]


def test_workers_that_cannot_start_are_a_sentence(sweep, capfd):
    assert sweep("seed=3,4", *HERE, "hydra.launcher.workers.workers=0") == 2
    assert "rackfocus train: workers must be at least 1, and is 0" in capfd.readouterr().err
