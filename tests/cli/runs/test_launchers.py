"""Groups of Hydra's plugins: what our configurations give them, and what is said where one is missing."""

import importlib.util
import math

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from rackfocus.cli.command import run_command
from rackfocus.cli.configs.files import config_folder


def installed(plugin):
    return importlib.util.find_spec("hydra_plugins") and importlib.util.find_spec(f"hydra_plugins.{plugin}")


@pytest.fixture
def sweep(tmp_path, monkeypatch):
    """The exit code of a sweep of trainings whose jobs are given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["rackfocus"])

    def command(job, *settings):
        arguments = ["-m", "hydra.sweep.dir=sweep", "~hydra.callbacks.sweep_table", *settings]
        return run_command("train", job, arguments)

    return command


@pytest.mark.parametrize(
    ("setting", "named", "extra"),
    [
        ("hydra/launcher=joblib", "hydra/launcher/joblib", "sweeps"),
        ("hydra/launcher=slurm", "hydra/launcher/submitit_slurm", "slurm"),
        ("hydra/launcher=submitit_local", "hydra/launcher/submitit_local", "slurm"),
        ("hydra/sweeper=loss_weights", "hydra/sweeper/optuna", "sweeps"),
    ],
)
def test_a_plugin_that_is_missing_is_a_sentence(setting, named, extra, sweep, capfd):
    if any(map(installed, ("hydra_joblib_launcher", "hydra_submitit_launcher", "hydra_optuna_sweeper"))):
        pytest.skip("the plugins are installed")
    assert sweep(lambda _: None, "seed=1,2", setting) == 2
    sentence = f"rackfocus train: {named} is not installed; it comes with pip install 'rackfocus[{extra}]'.\n"
    assert capfd.readouterr().err == sentence


@pytest.mark.skipif(not installed("hydra_submitit_launcher"), reason="the extra `slurm` is not installed")
def test_the_jobs_of_slurm_go_on_when_their_time_is_up():
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        cfg = compose("train", overrides=["hydra/launcher=slurm"], return_hydra_config=True)
    launcher = cfg.hydra.launcher
    assert launcher._target_.endswith("SlurmLauncher")
    assert (launcher.timeout_min, launcher.max_num_timeout, launcher.signal_delay_s) == (1440, 100, 300)


@pytest.mark.skipif(not installed("hydra_optuna_sweeper"), reason="the extra `sweeps` is not installed")
@pytest.mark.filterwarnings("ignore")
def test_optuna_looks_for_the_weights_that_score_best(sweep, tmp_path):
    tried = {}

    def job(cfg):
        assert cfg.callbacks.best.monitor == "validation/psnr"
        tried[cfg.loss.smoothness_weight] = -abs(math.log10(cfg.loss.smoothness_weight) - 1)
        return tried[cfg.loss.smoothness_weight]

    assert sweep(job, "hydra/sweeper=loss_weights", "hydra.sweeper.n_trials=8") == 0
    found = OmegaConf.load(tmp_path / "sweep" / "optimization_results.yaml")
    assert len(tried) == 8
    assert found.best_value == max(tried.values())
    assert tried[found.best_params["loss.smoothness_weight"]] == found.best_value
    first = dict(tried)
    tried.clear()
    assert sweep(job, "hydra/sweeper=loss_weights", "hydra.sweeper.n_trials=8") == 0
    assert tried == first
