"""Which weights a training keeps as its best: by which score, until which step, and after a move."""

import csv
import shutil
from functools import partial

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader

from rackfocus.tasks.best_checkpoint import BestCheckpoint
from rackfocus.tasks.checkpoints import AtomicCheckpointIO, LastCheckpoint
from rackfocus.tasks.reporting.csv_logger import CSVRunLogger
from rackfocus.tasks.task import Task

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*does not have many workers.*", "ignore:.*LeafSpec.*", "ignore:.*exists and is not empty.*",
    "ignore:.*dataloader is not resumable.*",
)  # fmt: skip


class Line(Task):
    """Fits a line to a point; its scores are its error, and how good it is."""

    SCORES = ("loss", "good")
    HIGHER_IS_BETTER = frozenset({"validation/good"})

    def __init__(self, learning_rate=0.1, scheduler=None):
        torch.manual_seed(0)
        super().__init__(torch.nn.Linear(1, 1), learning_rate, scheduler)
        self.rates = []

    def training_step(self, batch, _index):
        self.rates.append(self.trainer.optimizers[0].param_groups[0]["lr"])
        error = self.error(batch)
        self.log("train/loss", error)
        return error

    def validation_step(self, batch, _index):
        error = self.error(batch)[None]
        self.add_scores({"loss": error, "good": -error})

    def error(self, batch):
        return (self.model(batch) - 1).square().mean()

    def save_weights(self, path):
        raise NotImplementedError


def best_in(folder, monitor="validation/loss", **settings):
    return BestCheckpoint(dirpath=str(folder / "checkpoints"), monitor=monitor, **settings)


def fit(folder, task=None, *, ckpt=None, steps=4, validate=2, best=None, **settings):
    best = best or best_in(folder)
    trainer = pl.Trainer(
        max_steps=steps, accelerator="cpu", enable_progress_bar=False, enable_model_summary=False,
        num_sanity_val_steps=0, check_val_every_n_epoch=None, val_check_interval=validate,
        log_every_n_steps=1,
        callbacks=[best, LastCheckpoint(dirpath=str(folder / "checkpoints"), every_n_steps=1)],
        logger=CSVRunLogger(save_dir=str(folder)), default_root_dir=folder, plugins=[AtomicCheckpointIO()],
        **settings,
    )  # fmt: skip
    task = task or Line()
    points = DataLoader(torch.linspace(-1, 1, 5)[:, None])
    trainer.fit(task, points, points, ckpt_path=ckpt, weights_only=True)
    return task, best


def step_of(folder, name="best"):
    return torch.load(folder / "checkpoints" / f"{name}.ckpt", weights_only=True)["global_step"]


def rows(folder):
    with (folder / "metrics" / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("settings", "last"),
    [
        ({"steps": 3, "validate": 2}, 3),
        ({"steps": 3, "validate": 100}, 3),
        ({"steps": -1, "max_epochs": 2, "validate": 100}, 10),
        ({"steps": 3, "validate": 100, "accumulate_grad_batches": 2}, 3),
    ],
)
def test_the_last_step_is_validated_and_may_be_the_best(settings, last, tmp_path):
    fit(tmp_path, **settings)
    assert step_of(tmp_path) == step_of(tmp_path, "last") == last
    assert [row["step"] for row in rows(tmp_path) if row["validation/loss"]][-1] == str(last - 1)


def test_a_training_that_goes_on_after_its_last_step_counts_its_steps_on(tmp_path):
    fit(tmp_path, steps=3, validate=4)
    fit(tmp_path, ckpt=tmp_path / "checkpoints/last.ckpt", steps=8, validate=4)
    for name, steps in (("train/loss", range(8)), ("validation/loss", (2, 3, 7))):
        assert [int(row["step"]) for row in rows(tmp_path) if row[name]] == list(steps)


class Stopped(Line):
    """Stops after the checkpoint of the third step and before its row is written."""

    def on_train_batch_end(self, *_):
        if self.trainer.global_step == 3:
            raise ZeroDivisionError


def test_the_row_of_the_step_of_a_checkpoint_is_not_lost(tmp_path):
    whole, made = tmp_path / "whole", tmp_path / "made"
    fit(whole, steps=3, validate=100)
    with pytest.raises(ZeroDivisionError):
        fit(made, Stopped(), steps=8, validate=100)
    assert rows(made) == [{name: row[name] for name in rows(made)[0]} for row in rows(whole)[:2]]
    fit(made, ckpt=made / "checkpoints/last.ckpt", steps=8, validate=100)
    losses = [row for row in rows(made) if row["train/loss"]]
    assert [int(row["step"]) for row in losses] == list(range(8))
    assert losses[:3] == [row for row in rows(whole) if row["train/loss"]]


def test_a_score_of_which_the_highest_is_the_best(tmp_path):
    _, by_loss = fit(tmp_path / "a", steps=6)
    _, by_good = fit(tmp_path / "b", steps=6, best=best_in(tmp_path / "b", "validation/good"))
    assert by_good.best_model_score == -by_loss.best_model_score
    assert step_of(tmp_path / "a") == step_of(tmp_path / "b") > 2
    fit(tmp_path / "c", steps=6, best=best_in(tmp_path / "c", "validation/good", mode="min"))
    assert step_of(tmp_path / "c") == 2


def test_the_best_is_kept_when_the_folder_was_moved(tmp_path):
    _, best = fit(tmp_path / "a")
    shutil.move(tmp_path / "a", tmp_path / "b")
    _, again = fit(tmp_path / "b", Line(100.0), ckpt=tmp_path / "b/checkpoints/last.ckpt", steps=6)
    assert step_of(tmp_path / "b") == 4
    assert again.best_model_score == best.best_model_score
    assert again.best_model_path == str(tmp_path / "b/checkpoints/best.ckpt")


def test_the_best_of_a_checkpoint_written_before_is_kept(tmp_path):
    folder = tmp_path / "a" / "checkpoints"
    fit(
        tmp_path / "a",
        best=ModelCheckpoint(folder, "best", monitor="validation/loss", enable_version_counter=False),
    )
    shutil.move(tmp_path / "a", tmp_path / "b")
    _, again = fit(tmp_path / "b", Line(100.0), ckpt=tmp_path / "b/checkpoints/last.ckpt", steps=6)
    assert step_of(tmp_path / "b") == 4
    assert again.best_model_path == str(tmp_path / "b/checkpoints/best.ckpt")


def test_in_a_folder_of_its_own_a_training_finds_its_own_best(tmp_path):
    fit(tmp_path / "a")
    _, best = fit(tmp_path / "b", Line(100.0), ckpt=tmp_path / "a/checkpoints/last.ckpt", steps=6)
    assert best.best_model_path == str(tmp_path / "b/checkpoints/best.ckpt")
    assert step_of(tmp_path / "b") == 6


def cosine(steps):
    return partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=steps)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"scheduler": cosine(4)}, {"scheduler": cosine(8)}),
        ({"scheduler": cosine(8)}, {"scheduler": cosine(8)}),
        ({"learning_rate": 0.1}, {"learning_rate": 0.01}),
        ({}, {"scheduler": cosine(8)}),
        ({"scheduler": cosine(8)}, {"learning_rate": 0.05}),
        ({"scheduler": cosine(8)}, {"scheduler": partial(torch.optim.lr_scheduler.StepLR, step_size=3)}),
    ],
)
def test_the_rates_of_a_training_that_goes_on_are_those_of_its_settings(before, after, tmp_path):
    whole, _ = fit(tmp_path / "whole", Line(**after), steps=8, validate=100)
    fit(tmp_path / "made", Line(**before), steps=4, validate=100)
    last = tmp_path / "made/checkpoints/last.ckpt"
    again, _ = fit(tmp_path / "made", Line(**after), ckpt=last, steps=8, validate=100)
    assert again.rates == whole.rates[4:]
