"""What a sweep of two tiny trainings leaves in `metrics.csv`, TensorBoard and Weights & Biases."""

import contextlib
import csv
import io
import json
import re
import struct
import sys
from pathlib import Path

import pytest
import wandb
import yaml
from hydra import compose, initialize_config_dir
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from wandb.proto.wandb_internal_pb2 import Record
from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

from rackfocus.cli import main
from rackfocus.cli.configs.files import config_folder
from rackfocus.cli.runs.provenance import git_revision
from rackfocus.tasks.reporting.wandb_logger import WandbRunLogger
from rackfocus.tasks.rgbd_hdr import RGBDHDRTask

TINY = (
    "experiment=demo", "model.base_width=4", "model.levels=3", "trainer.max_steps=4",
    "trainer.val_check_interval=4", "trainer.log_every_n_steps=1", "+trainer.limit_val_batches=1",
    "trainer.max_time=null", "datamodule.view.shorter_side_px=[40,48]", "datamodule.view.crop_px=40",
    "scheduler=cosine", "logger=wandb",
)  # fmt: skip


def run_here(folder, *arguments):
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.chdir(folder)
        patch.delenv("WANDB_API_KEY", raising=False)
        patch.setenv("HOME", str(folder))
        patch.setenv("NETRC", str(folder / "netrc"))
        patch.setenv("WANDB_SILENT", "true")
        patch.setattr(sys, "argv", ["rackfocus", "train", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
    assert stop.value.code == 0


@pytest.fixture(scope="module")
def sweep(tmp_path_factory, raytraced):
    folder = tmp_path_factory.mktemp("loggers")
    settings = (f"data.root={raytraced}", *TINY, "hydra.sweep.dir=sweep", "~hydra.callbacks.sweep_table")
    run_here(folder, "-m", *settings, "learning_rate=1e-3,2e-3")
    return folder / "sweep"


def records(path):
    """Those of a file of Weights & Biases: a log as LevelDB writes it, of messages in blocks of 32 KiB."""
    content, at, message = path.read_bytes(), 7, b""
    while at + 7 <= len(content):
        left = 32768 - at % 32768
        if left < 7:
            at += left
            continue
        length, kind = struct.unpack_from("<HB", content, at + 4)
        message += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last part
            yield Record.FromString(message)
            message = b""


def runs_of(job):
    """The records of each run of Weights & Biases in a folder, in the order of their starts."""
    return [list(records(path)) for path in sorted(job.glob("wandb/offline-run-*/*.wandb"))]


def test_weights_and_biases_has_the_config_and_the_names_of_the_sweep(sweep):
    for job, rate in enumerate((1e-3, 2e-3)):
        (found,) = runs_of(sweep / str(job))
        (run,) = [one.run for one in found if one.HasField("run")]
        assert (run.project, run.run_group) == ("rackfocus", "sweep")
        assert run.display_name == f"learning_rate={rate}"
        config = {item.key: json.loads(item.value_json) for one in found for item in one.config.update}
        assert config["learning_rate"] == rate
        assert config["seed"] == 1
        assert config["trainer"]["max_steps"] == 4
        assert config["git_revision"] == git_revision()
        assert config["parameters"] > 1000


def test_weights_and_biases_has_the_pictures_of_held_out_samples(sweep):
    assert len(list(sweep.glob("*/wandb/offline-run-*/files/media/images/validation/*.png"))) == 2


def test_tensorboard_has_the_config(sweep):
    events = EventAccumulator(str(sweep / "1" / "tensorboard")).Reload()
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    found = HParamsPluginData.FromString(content).session_start_info.hparams
    assert found["learning_rate"].number_value == 2e-3
    assert found["seed"].number_value == 1
    assert found["trainer/max_steps"].number_value == 4
    assert found["git_revision"].string_value == git_revision()
    assert found["parameters"].number_value > 1000


def test_each_has_the_learning_rate_of_each_step(sweep):
    rates = [2e-3, 1e-3 + 2**0.5 * 5e-4, 1e-3, 1e-3 - 2**0.5 * 5e-4]
    with (sweep / "1" / "metrics" / "metrics.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["train/loss"]]
    assert [float(row["train/learning_rate"]) for row in rows] == pytest.approx(rates, rel=1e-12)
    events = EventAccumulator(str(sweep / "1" / "tensorboard")).Reload()
    assert [one.value for one in events.Scalars("train/learning_rate")] == pytest.approx(rates)
    (found,) = runs_of(sweep / "1")
    steps = [{item.nested_key[0]: item.value_json for item in one.history.item} for one in found]
    logged = [float(step["train/learning_rate"]) for step in steps if "train/learning_rate" in step]
    assert logged == pytest.approx(rates, rel=1e-12)


def test_a_training_that_goes_on_goes_on_in_its_run(sweep):
    run_here(sweep.parent, "ckpt=last", "hydra.run.dir=sweep/0", "trainer.max_steps=5")
    first, second = (next(one.run for one in found if one.HasField("run")) for found in runs_of(sweep / "0"))
    assert second.run_id == first.run_id
    assert (second.display_name, second.run_group) == ("", "")


def test_weights_and_biases_can_be_disabled(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    wandb.teardown()
    logger = WandbRunLogger(save_dir=str(tmp_path), project="test", name="run")
    logger.log_metrics({"loss": 1.0}, 1)
    logger.finalize("success")
    assert logger.mode == "disabled"
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    wandb.teardown()


def test_a_sweep_of_weights_and_biases_runs_the_command_of_its_recipe():
    """Its agent puts the settings that it chose into the command."""
    text = (Path(__file__).parents[3] / "experiments" / "README.md").read_text(encoding="utf-8")
    recipe = yaml.safe_load(re.search(r"```yaml\n(# sweep.yaml\n.*?)```", text, re.DOTALL)[1])
    command = create_sweep_command(recipe["command"])
    chosen = {"learning_rate": {"value": 0.003}, "model.base_width": {"value": 8}}
    assert recipe["parameters"].keys() == chosen.keys()
    assert command[:2] == ["rackfocus", "train"]
    assert command[-1] == "${args_no_hyphens}"
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        cfg = compose(
            "train", [*command[2:-1], *create_sweep_command_args({"args": chosen})["args_no_hyphens"]]
        )
    assert (cfg.learning_rate, cfg.model.base_width) == (0.003, 8)
    assert "wandb" in cfg.logger
    assert recipe["metric"]["name"].removeprefix("validation/") in RGBDHDRTask.SCORES
