"""A mistake in the settings of a training is one sentence; the trials of `debug=` run to their end."""

import re
import shlex
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from PIL import Image

from rackfocus.cli import main
from rackfocus.cli.runs.training_settings import require_training_settings
from rackfocus.types import InputError

TINY = (
    "experiment=demo", "model.base_width=4", "model.levels=3", "datamodule.view.shorter_side_px=[40,48]",
    "datamodule.view.crop_px=40",
)  # fmt: skip
SHORT = "trainer.max_steps=2 trainer.val_check_interval=1 +trainer.limit_val_batches=1"


@pytest.fixture
def typed(tmp_path, monkeypatch, raytraced, capfd):
    """Types `rackfocus train` in an empty folder; returns the exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raytraced").symlink_to(raytraced)

    def run(command, settings=(*TINY, "data.root=raytraced")):
        monkeypatch.setattr(sys, "argv", ["rackfocus", "train", *settings, *shlex.split(command)])
        with pytest.raises(SystemExit) as stop:
            main()
        return stop.value.code, *capfd.readouterr()

    return run


def assert_one_sentence(code, err, says):
    assert code == 2
    (sentence,) = [line for line in err.splitlines() if line.strip()]
    assert sentence.startswith("rackfocus train: ")
    assert says in sentence


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("learning_rate", 0, "learning_rate must be a number above 0, such as 1e-4, and is 0."),
        ("learning_rate", float("nan"), "and is nan."),
        ("learning_rate", float("inf"), "and is inf."),
        ("learning_rate", None, "and is null."),
        ("seed", -1, "seed must be a whole number of 0 or more, and is -1."),
        ("seed", 1.5, "and is 1.5."),
        ("seed", 2**32, "seed must be at most 4294967295"),
        (
            "datamodule.batch_size",
            2.5,
            "datamodule.batch_size must be a whole number of 1 or more, and is 2.5.",
        ),
        ("datamodule.workers", -1, "datamodule.workers must be a whole number of 0 or more, and is -1."),
        ("trainer.accumulate_grad_batches", 0, "of 1 or more, and is 0."),
        ("trainer.max_steps", "many", "of 1 or more, and is many."),
        ("trainer.max_steps", -2, "of 1 or more, and is -2."),
        ("callbacks.best", None, "needs callbacks.best"),
    ],
)
def test_a_number_out_of_its_range(key, value, says):
    cfg = OmegaConf.create(
        {
            "seed": 1,
            "learning_rate": 1e-4,
            "datamodule": {"batch_size": 1, "workers": 0},
            "trainer": {"max_steps": -1, "accumulate_grad_batches": 1},
            "callbacks": {"best": {}},
            "data": {"train": {}, "validation": {}},
        }
    )
    require_training_settings(cfg)
    OmegaConf.update(cfg, key, value)
    with pytest.raises(InputError, match=re.escape(says)):
        require_training_settings(cfg)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("learning_rate=-1", "learning_rate must be a number above 0, such as 1e-4, and is -1."),
        ("learning_rate=fast", "learning_rate must be a number above 0, such as 1e-4, and is fast."),
        ("seed=null", "seed must be a whole number of 0 or more, and is null."),
        ("datamodule.batch_size=0", "datamodule.batch_size must be a whole number of 1 or more, and is 0."),
        (
            "logger=null",
            "logger=null: a group of settings takes the name of a choice; ~logger leaves it out.",
        ),
        ("learning_rate=1 --config-dir nowhere seed=2", "nowhere' not found"),
    ],
)
def test_a_wrong_setting(command, says, typed):
    code, _, err = typed(command)
    assert_one_sentence(code, err, says)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("trainer.val_check_interval=0.5", "`val_check_interval` should be an integer"),
        ("trainer.accelerator=gpu", "No supported gpu backend found); they are those of trainer=cpu, gpu"),
        ("trainer.precision=12", "Precision 12 is invalid"),
        ("+trainer.nothing=1", "There is no setting 'trainer.nothing'; --help lists those there are."),
        ("+model.nothing=1", "There is no setting 'model.nothing'"),
        ("~data.train.split", "datamodule.train lacks 'split'; give datamodule.train.NAME=..."),
    ],
)
def test_what_a_part_refuses(command, says, typed, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    code, _, err = typed(command)
    assert_one_sentence(code, err, says)


def test_a_monitor_that_is_not_there(typed):
    code, _, err = typed(f"{SHORT} callbacks.best.monitor=validation/nothing")
    assert_one_sentence(
        code,
        err,
        "callbacks.best.monitor=validation/nothing is no score of this training; choose one of "
        "validation/loss, validation/psnr.",
    )


def test_data_for_another_training(typed):
    tiny = ("model.width=8", "model.feature_width=8", "model.time_width=8", "trainer.precision=32-true")
    code, _, err = typed("experiment=af_net data=raytraced data.root=raytraced", tiny)
    assert_one_sentence(
        code, err, "samples of the kind FocusSample, and this training learns from FocusClip;"
    )


def photographs(folder, *, sizes):
    """Pairs of photographs of these sizes, width first."""
    folder.mkdir()
    for number, size in enumerate(sizes):
        for f_number in (2, 16):
            Image.new("RGB", size, (90, 60 + f_number, 30)).save(folder / f"{number}_f{f_number}.png")


def test_portrait_and_landscape_in_one_batch(typed, tmp_path):
    photographs(tmp_path / "photographs", sizes=[(64, 48), (48, 64), (48, 64)])
    settings = [each for each in TINY if "crop_px" not in each]
    command = (
        "data=aperture data.root=photographs datamodule.batch_size=2 datamodule.view.shorter_side_px=[40,40]"
    )
    code, _, err = typed(f"{command} datamodule.view.crop_px=null", settings)
    assert_one_sentence(
        code, err, "must have one size, and are 53x40 and 40x53: set datamodule.batch_size=1, or"
    )
    code, _, err = typed(f"{command} {SHORT} datamodule.view.crop_px=40", settings)
    assert code == 0, err


def test_one_scene_cannot_be_split(typed, tmp_path):
    photographs(tmp_path / "photographs", sizes=[(64, 48)])
    command = f"data=aperture data.root=photographs {SHORT}"
    code, _, err = typed(command, TINY)
    advice = "data.train.split=all data.validation.split=all"
    assert_one_sentence(code, err, advice)
    code, _, err = typed(f"{command} {advice}", TINY)
    assert code == 0, err


@pytest.mark.parametrize("how", ["broken", "killed"])
def test_an_error_in_a_process_that_loads(how, typed, tmp_path):
    photographs(tmp_path / "photographs", sizes=[(64, 48)] * 2)
    (tmp_path / "deadly.py").write_text(
        "import os, signal\n"
        "from rackfocus.data.apertures.aperture import ApertureFolder\n"
        "class Deadly(ApertureFolder):\n"
        "    def __getitem__(self, index):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = "data=aperture data.root=photographs datamodule.workers=1"
    if how == "broken":
        (tmp_path / "photographs" / "0_f2.png").write_bytes(b"broken")
        code, _, err = typed(command, TINY)
        assert_one_sentence(code, err, "rackfocus train: photographs/0_f2.png")
    else:
        code, _, err = typed(f"{command} data.train._target_=deadly.Deadly", TINY)
        assert_one_sentence(code, err, "was ended from outside, as happens where memory is short; lower")


def test_one_step_and_one_validation(typed, tmp_path):
    code, out, err = typed("debug=fdr ~logger trainer=cpu")
    assert (code, err) == (0, "")
    assert "A step and a validation ran to their end; nothing of them is kept." in out
    assert not list(tmp_path.glob("runs/train/*/*.safetensors"))


def test_the_same_batches_over_and_over(typed, monkeypatch):
    """Lightning replaces the sampler unless it is sequential; the views are the same, too."""
    seen = []

    def forward(self, batch, index, original):
        seen.append(float(batch.deep.mean()))
        return original(self, batch, index)

    from rackfocus.tasks.rgbd_hdr import RGBDHDRTask

    original = RGBDHDRTask.training_step
    monkeypatch.setattr(RGBDHDRTask, "training_step", lambda *given: forward(*given, original))
    code, _, err = typed(
        "debug=overfit trainer.overfit_batches=2 trainer.max_steps=4 trainer.val_check_interval=4"
    )
    assert (code, err) == (0, "")
    assert seen[:2] == seen[2:]
    assert seen[0] != seen[1]


def test_the_profile_is_a_file(typed, tmp_path):
    code, _, err = typed(
        "debug=profile trainer.max_steps=1 trainer.val_check_interval=1 trainer.limit_val_batches=1"
    )
    assert (code, err) == (0, "")
    (profile,) = tmp_path.glob("runs/train/*/fit-profile.txt")
    assert "optimizer_step" in profile.read_text()


@pytest.mark.slow
def test_the_finder_of_learning_rates_trains_nothing(typed, tmp_path):
    code, out, _ = typed("debug=rate callbacks.rate_finder.steps=16")
    assert code == 0
    assert "The loss falls fastest at learning_rate=" in out
    (picture,) = tmp_path.glob("runs/train/*/learning_rates.png")
    assert picture.stat().st_size > 0
    assert not list(tmp_path.glob("runs/train/*/*.safetensors"))
    code, _, err = typed("debug=rate callbacks.rate_finder.steps=4")
    assert code == 2
    assert "4 steps are too few to tell a learning rate" in err


def test_what_to_try_measures_on_the_data_of_the_training(typed, tmp_path, monkeypatch):
    photographs(tmp_path / "my photographs", sizes=[(64, 48)] * 2)
    code, out, err = typed(f"data=aperture 'data.root=my photographs' {SHORT}", TINY)
    assert code == 0, err
    tried = out.partition("Try them: ")[2].strip()
    assert tried.endswith(" split=validation")
    monkeypatch.setattr(sys, "argv", [*shlex.split(tried), "sheet_samples=0"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0
    assert len(list(Path("runs/evaluate").glob("*/records.csv"))) == 1


def test_the_configuration_can_be_read_at_a_glance(typed):
    code, out, _ = typed("--cfg job learning_rate=1e-3 -p trainer", ())
    assert code == 0
    assert "max_steps: 150000" in out
    assert len(out.splitlines()) < 25
    code, out, _ = typed("--cfg job", ())
    assert len(out.splitlines()) < 110
