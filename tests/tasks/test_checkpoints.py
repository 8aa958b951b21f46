"""A training that is stopped anywhere, any number of times, ends with the same weights to the bit."""

import itertools
import os
import shutil
import signal

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint, EMAWeightAveraging
from torch.utils.data import Dataset

from rackfocus.data.apertures.augmentation import RandomView
from rackfocus.data.apertures.sample import FocusSample
from rackfocus.tasks.best_checkpoint import BestCheckpoint
from rackfocus.tasks.checkpoints import AtomicCheckpointIO, LastCheckpoint
from rackfocus.tasks.data import FocusData
from rackfocus.tasks.preemption import Preempted
from rackfocus.tasks.task import Task
from rackfocus.types import InputError

STEPS = 11
quiet = pytest.mark.filterwarnings(
    "ignore:.*does not have many workers.*",
    "ignore:.*LeafSpec.*",
    "ignore:.*exists and is not empty.*",
)


class Samples(Dataset):
    """Five of them, so that epochs end in between."""

    def __len__(self):
        return 5

    def __getitem__(self, index):
        images = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(index))
        return FocusSample(f"sample {index}", *images, aperture_ratio=0.25)


class Regression(Task):
    """From the mean colour of one image to that of another, with dropout; keeps what it saw, by step."""

    SCORES = ("loss",)

    def __init__(self):
        torch.manual_seed(0)
        super().__init__(torch.nn.Sequential(torch.nn.Dropout(0.3), torch.nn.Linear(3, 3)), 1e-2, None)
        self.seen = []

    def save_weights(self, path):
        raise NotImplementedError

    def training_step(self, batch, _index):
        self.seen.append((self.trainer.global_step, float(batch.deep.sum())))
        return self.error(batch)

    def validation_step(self, batch, _index):
        self.add_scores({"loss": self.error(batch)[None]})

    def error(self, batch):
        return (self.model(batch.deep.mean((2, 3))) - batch.shallow.mean((2, 3))).square().mean()


class Copies(Checkpoint):
    """Keeps every last checkpoint, by step: the places where training might be killed."""

    def __init__(self, last):
        self.last = last

    def on_train_batch_end(self, trainer, *_):
        if self.last.path.exists():
            shutil.copy(self.last.path, self.last.path.with_name(f"{trainer.global_step}.ckpt"))

    def on_validation_end(self, trainer, _module):
        self.on_train_batch_end(trainer)


class Queue(pl.Callback):
    """Asks for the place of a training in the middle of a step."""

    def __init__(self, step):
        self.step = step

    def on_before_zero_grad(self, trainer, *_):
        if trainer.global_step == self.step - 1:
            os.kill(os.getpid(), signal.SIGUSR1)


def fit(folder, ckpt=None, *, accumulate=1, validate=3, ema=False, workers=0, every=1, callbacks=()):
    last = LastCheckpoint(dirpath=str(folder), every_n_steps=every)
    best = BestCheckpoint(dirpath=str(folder), monitor="validation/loss")
    trainer = pl.Trainer(
        max_steps=STEPS,
        logger=False,
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        check_val_every_n_epoch=None,
        val_check_interval=validate,
        accumulate_grad_batches=accumulate,
        callbacks=[best, last, Copies(last), *callbacks, *([EMAWeightAveraging(decay=0.9)] if ema else [])],
        default_root_dir=folder,
        plugins=[AtomicCheckpointIO()],
    )
    view = RandomView(shorter_side_px=(8, 8), crop_px=6)
    data = FocusData(train=Samples(), validation=Samples(), view=view, workers=workers, seed=3)
    task = Regression()
    trainer.fit(task, data, ckpt_path=ckpt, weights_only=True)
    return task, best


def content(path):
    checkpoint = torch.load(path, weights_only=True)
    states = [checkpoint[name] for name in ("state_dict", "current_model_state") if name in checkpoint]
    return {(number, name): values for number, state in enumerate(states) for name, values in state.items()}


def assert_ends_alike(folder, other):
    first, second = content(folder / "last.ckpt"), content(other / "last.ckpt")
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in second)


@quiet
@pytest.mark.parametrize(
    ("accumulate", "validate", "ema"),
    [
        (2, 3, True),
        pytest.param(1, 3, False, marks=pytest.mark.slow),
        pytest.param(3, 4, False, marks=pytest.mark.slow),
        pytest.param(1, 5, True, marks=pytest.mark.slow),
    ],
)
def test_a_training_goes_on_from_any_step_to_the_same_weights(accumulate, validate, ema, tmp_path):
    settings = {"accumulate": accumulate, "validate": validate, "ema": ema}
    whole = tmp_path / "whole"
    whole_task, _ = fit(whole, **settings)
    for step in range(1, STEPS):
        folder = tmp_path / f"from {step}"
        task, _ = fit(folder, whole / f"{step}.ckpt", **settings)
        assert_ends_alike(folder, whole)
        assert task.seen == [seen for seen in whole_task.seen if seen[0] >= step]


@quiet
def test_the_best_checkpoint_is_the_same_too(tmp_path):
    _, best = fit(tmp_path)
    score, weights = float(best.best_model_score), content(tmp_path / "best.ckpt")
    for step in (3, 5, 8):
        _, again = fit(tmp_path, tmp_path / f"{step}.ckpt")
        assert float(again.best_model_score) == score
        assert all(
            torch.equal(weights[name], values) for name, values in content(again.best_model_path).items()
        )


@quiet
@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"accumulate": 2}, {"accumulate": 3, "validate": 4, "ema": True}])
def test_a_training_is_stopped_twice(settings, tmp_path):
    whole_task, _ = fit(tmp_path / "whole", **settings)
    for step, later in itertools.combinations(range(1, STEPS), 2):
        folder = tmp_path / f"{step} {later}"
        fit(folder, tmp_path / "whole" / f"{step}.ckpt", **settings)
        task, _ = fit(folder, folder / f"{later}.ckpt", **settings)
        assert_ends_alike(folder, tmp_path / "whole")
        assert task.seen == [seen for seen in whole_task.seen if seen[0] >= later]


@quiet
@pytest.mark.parametrize(("step", "settings"), [(2, {"accumulate": 2}), (3, {"ema": True, "workers": 1})])
def test_a_queue_gets_its_place_behind_the_step_in_which_it_asked(step, settings, tmp_path):
    """Step 3 is validated. Without the signal no checkpoint is written before the end."""
    whole_task, _ = fit(tmp_path / "whole", **settings)
    begun = tmp_path / "begun"
    with pytest.raises(Preempted) as stop:
        fit(begun, every=100, callbacks=[Queue(step)], **settings)
    assert stop.value.received == signal.SIGUSR1
    assert torch.load(begun / "last.ckpt", weights_only=True)["global_step"] == step
    task, _ = fit(begun, begun / "last.ckpt", every=100, **settings)
    assert_ends_alike(begun, tmp_path / "whole")
    assert task.seen == [seen for seen in whole_task.seen if seen[0] >= step]
    assert signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL


@quiet
def test_workers_do_not_change_where_it_goes_on(tmp_path):
    whole_task, _ = fit(tmp_path / "whole")
    task, _ = fit(tmp_path / "again", tmp_path / "whole" / "7.ckpt", workers=2)
    assert_ends_alike(tmp_path / "again", tmp_path / "whole")
    assert task.seen == [seen for seen in whole_task.seen if seen[0] >= 7]


@quiet
def test_the_moving_average_is_what_is_validated_and_kept(tmp_path):
    fit(tmp_path, ema=True)
    checkpoint = torch.load(tmp_path / "best.ckpt", weights_only=True)
    task = Regression()
    task.load_state_dict(checkpoint["state_dict"])
    trainer = pl.Trainer(
        logger=False, accelerator="cpu", enable_progress_bar=False, enable_checkpointing=False,
        default_root_dir=tmp_path,
    )  # fmt: skip
    data = FocusData(train=Samples(), validation=Samples(), view=RandomView(shorter_side_px=(8, 8)))
    (scores,) = trainer.validate(task, data, verbose=False)
    states = checkpoint["callbacks"]
    (best,) = [state for name, state in states.items() if name.startswith("ModelCheckpoint")]
    assert scores["validation/loss"] == pytest.approx(float(best["best_model_score"]), rel=1e-6)
    current = checkpoint["current_model_state"]
    assert not all(torch.equal(current[name], values) for name, values in checkpoint["state_dict"].items())


def test_a_write_that_fails_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "checkpoints" / "last.ckpt"
    writer = AtomicCheckpointIO()
    writer.save_checkpoint({"step": 1}, path)

    def full(_file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        writer.save_checkpoint({"step": 2}, path)
    assert [file.name for file in path.parent.iterdir()] == ["last.ckpt"]
    assert writer.load_checkpoint(path, weights_only=True) == {"step": 1}


def test_every_n_steps_is_checked(tmp_path):
    with pytest.raises(InputError, match="every_n_steps must be 1"):
        LastCheckpoint(dirpath=str(tmp_path), every_n_steps=0)
