"""Checkpoints that are whole or not there, and the last one, from which a training goes on."""

import io
import os
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.plugins import TorchCheckpointIO

from rackfocus.types import InputError
from rackfocus.whole_files import whole_file


class WholeCheckpointIO(TorchCheckpointIO):
    """Writes beside the old file and then takes its place, so that a full disk or a kill leaves the old one.

    Lightning's own moves the new file over from the system's folder for temporary files: on two disks that is
    a copy, which can stop halfway.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | os.PathLike[str], storage_options: Any = None
    ) -> None:
        """Write the checkpoint.

        Raises:
            InputError: the disk is full, or the folder cannot be written to.
        """
        if storage_options is not None:
            raise TypeError("there are no storage options for a file")
        target = Path(path)
        content = io.BytesIO()
        torch.save(checkpoint, content)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(target, synced=True) as draft, draft.open("wb") as file:
                file.write(content.getbuffer())
        except OSError as error:
            raise InputError(
                f"The checkpoint {target} cannot be written ({error.strerror}); make room and go on "
                "(ckpt=last): those written before are whole."
            ) from error


class LastCheckpoint(Checkpoint):
    """`last.ckpt`: what a training that was stopped goes on from, to the same weights to the bit.

    It is written every so many steps and when training ends; after an optimizer step, never while gradients
    are being accumulated, and where a validation is due, after that.

    Args:
        dirpath: the folder.
        every_n_steps: how many steps may be lost.
    """

    def __init__(self, *, dirpath: str, every_n_steps: int = 100) -> None:
        if every_n_steps < 1:
            raise InputError(f"callbacks.last.every_n_steps must be 1 or more, and is {every_n_steps}.")
        self.path = Path(dirpath) / "last.ckpt"
        self.every_n_steps = every_n_steps
        self.due = False

    def on_train_start(self, trainer: pl.Trainer, _module: pl.LightningModule) -> None:
        """Let a training that goes on from the end of an epoch begin the next one.

        Lightning 2.6 takes it for one in the middle of its epoch and does not count the next as begun; what
        goes on from a checkpoint of that one is then told a wrong epoch, so a wrong order of the samples.
        """
        epochs = trainer.fit_loop.epoch_progress.current
        if epochs.completed == epochs.ready:
            trainer.fit_loop.reset_restart_stage()

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Write, or see to it that the validation which follows does."""
        step, loop = trainer.global_step, trainer.fit_loop.epoch_loop
        if loop._should_accumulate():
            return
        ends = trainer.should_stop or step == trainer.max_steps
        self.due = self.due or ends or step % self.every_n_steps == 0
        fetcher = trainer.fit_loop._data_fetcher
        if fetcher is not None and not loop._should_check_val_fx(fetcher):
            self._write(trainer)

    def on_validation_end(self, trainer: pl.Trainer, _module: pl.LightningModule) -> None:
        """Write what was due before the validation."""
        if not trainer.sanity_checking:
            self._write(trainer)

    def _write(self, trainer: pl.Trainer) -> None:
        if self.due:
            trainer.save_checkpoint(self.path)
            self.due = False
