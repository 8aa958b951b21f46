"""Checkpoints that are written atomically, and the last checkpoint, for continuing a training."""

import io
import os
import signal
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.apply_func import convert_tensors_to_scalars
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.loggers import CSVLogger
from pytorch_lightning.plugins import TorchCheckpointIO
from torch import Tensor

from rackfocus.tasks.preemption import HeldSignals, Preempted
from rackfocus.types import InputError
from rackfocus.whole_files import whole_file


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes beside the old file and then replaces it, so that the old one survives a full disk or a kill.

    Lightning moves the new file from the system's temporary folder; if that is another disk, this is a copy,
    which may be interrupted.
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


def is_last_step(trainer: pl.Trainer) -> bool:
    """Whether training ends with this step by `max_steps` or `max_epochs`; for `on_train_batch_end`."""
    last_epoch = 0 < (trainer.max_epochs or 0) <= trainer.current_epoch + 1
    return trainer.global_step == trainer.max_steps or (last_epoch and trainer.is_last_batch)


class LastCheckpoint(Checkpoint):
    """`last.ckpt`: an interrupted training continues from it, with bit-identical results.

    It is written every `every_n_steps`, the most that can be lost, and when training ends; only after an
    optimizer step, never during gradient accumulation, and if a validation is due, after it. What was logged
    of its step is part of it, because Lightning writes that to `metrics.csv` only afterwards.

    A signal of a queue (`rackfocus.tasks.preemption`) ends the training behind the checkpoint of the step in
    which it came; SIGTERM, too, but not behind a validation.
    """

    def __init__(self, *, dirpath: str, every_n_steps: int = 100) -> None:
        if every_n_steps < 1:
            raise InputError(f"callbacks.last.every_n_steps must be 1 or more, and is {every_n_steps}.")
        self.path = Path(dirpath) / "last.ckpt"
        self.every_n_steps = every_n_steps
        self.due = False
        self.row: dict[str, Tensor | float] = {}
        self.signals = HeldSignals()
        self.received = 0

    def state_dict(self) -> dict[str, Any]:
        """What was logged of the step; empty if that is written already."""
        return {"row": self.row}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what was logged of the step."""
        self.row = state_dict["row"]

    def on_train_start(self, trainer: pl.Trainer, _module: pl.LightningModule) -> None:
        """Write the row of the step of the checkpoint, and correct two counts of Lightning 2.6.

        It treats the end of an epoch as the middle of one and does not count the next one as begun; a
        training continued from a later checkpoint would then have a wrong epoch number, and so a wrong order
        of samples. And it does not count, for the loggers, the step of a checkpoint that was written after a
        validation that the settings do not ask for, as after the last step.
        """
        self.signals.hold()
        fit, loop = trainer.fit_loop, trainer.fit_loop.epoch_loop
        for logger in trainer.loggers:
            if self.row and isinstance(logger, CSVLogger):
                logger.log_metrics(self.row, loop._batches_that_stepped)
        epochs = fit.epoch_progress.current
        if epochs.completed == epochs.ready:
            fit.reset_restart_stage()
        fetcher = fit._data_fetcher
        if loop.restarted_on_last and fetcher is not None and not loop._should_check_val_fx(fetcher):
            loop._batches_that_stepped += 1

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Write the checkpoint, or schedule it after the validation that follows.

        Raises:
            Preempted: a queue asked for it.
        """
        step, loop = trainer.global_step, trainer.fit_loop.epoch_loop
        if loop._should_accumulate():
            return
        ends = trainer.should_stop or is_last_step(trainer)
        self.received = 0 if ends else self.signals.agreed(trainer)
        stops = ends or trainer.received_sigterm or self.received > 0
        self.due = self.due or stops or step % self.every_n_steps == 0
        fetcher = trainer.fit_loop._data_fetcher
        if self.due and fetcher is not None and not loop._should_check_val_fx(fetcher):
            self.row = _row(trainer)
            self._write(trainer)
            self.row = {}

    def on_validation_end(self, trainer: pl.Trainer, _module: pl.LightningModule) -> None:
        """Write a checkpoint that was due before the validation.

        Raises:
            Preempted: a queue asked for it.
        """
        if not trainer.sanity_checking:
            self._write(trainer)

    def _write(self, trainer: pl.Trainer) -> None:
        if self.due:
            trainer.save_checkpoint(self.path)
            self.due = False
        if self.received:
            raise Preempted(signal.Signals(self.received))


def _row(trainer: pl.Trainer) -> dict[str, Tensor | float]:
    """What Lightning is about to log of the step that ends."""
    connector = trainer._logger_connector
    if not connector.should_update_logs:
        return {}
    return {**convert_tensors_to_scalars(connector.metrics["log"]), "epoch": trainer.current_epoch}
