"""Progress of a whole training: speed and remaining time."""

from typing import Any

import pytorch_lightning as pl
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Task as BarTask
from rich.text import Text

from rackfocus.tasks.task import Task


class _StepsPerSecond(ProgressColumn):
    def render(self, task: BarTask) -> Text:
        return Text("" if task.speed is None else f"{task.speed:.2f}/s")


class TrainingProgress(pl.Callback):
    """A bar over all steps: speed, elapsed and remaining time, the latest loss and validation score."""

    def __init__(self) -> None:
        self.bar: Progress | None = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Show the bar; a continued training starts in the middle of it."""
        if not trainer.is_global_zero:
            return
        self.bar = Progress(
            TextColumn("training"),
            BarColumn(20),
            MofNCompleteColumn(),
            _StepsPerSecond(),
            TimeElapsedColumn(),
            TextColumn("+"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[loss]}{task.fields[score]}"),
            speed_estimate_period=120,
        )
        total = trainer.max_steps if trainer.max_steps > 0 else None
        self.task = self.bar.add_task(
            "training", total=total, completed=trainer.global_step, loss="", score=""
        )
        self.bar.start()

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Advance by a step."""
        if self.bar is not None:
            loss = trainer.callback_metrics["train/loss"]
            self.bar.update(self.task, completed=trainer.global_step, loss=f"loss {loss:.2f}")

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Show the validation score."""
        if self.bar is not None:
            assert isinstance(pl_module, Task)
            name, unit = pl_module.HEADLINE
            # The data may lack the labels that the score needs.
            if name in trainer.callback_metrics:
                self.bar.update(self.task, score=f", {trainer.callback_metrics[name]:.2f} {unit}")

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Stop updating the bar."""
        self._stop()

    def on_exception(self, *_: Any) -> None:
        """Stop updating the bar."""
        self._stop()

    def _stop(self) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
