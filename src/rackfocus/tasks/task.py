"""The base class of all trainings."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytorch_lightning as pl
import torch
from torch import nn

MakeScheduler = Callable[[torch.optim.Optimizer], torch.optim.lr_scheduler.LRScheduler]
"""Creates a learning rate scheduler for an optimizer; it is stepped after every training step."""


class Task(pl.LightningModule, ABC):
    """A network, its optimizer, and the file of its weights.

    Attributes:
        WEIGHTS_FILE: the name of that file.
        TRY: a command that uses it, with `{}` for its path.
        HEADLINE: the validation score for the progress bar, and its unit.
        HIGHER_IS_BETTER: the validation scores of which the highest is the best; of all others, the lowest.
    """

    WEIGHTS_FILE: ClassVar[str]
    TRY: ClassVar[str]
    HEADLINE: ClassVar[tuple[str, str]]
    HIGHER_IS_BETTER: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, model: nn.Module, learning_rate: float, scheduler: MakeScheduler | None) -> None:
        super().__init__()
        self.model = model
        self.learning_rate = learning_rate
        self.scheduler = scheduler

    @abstractmethod
    def save_weights(self, path: Path) -> None:
        """Write the network to a file atomically."""

    def configure_optimizers(self) -> Any:
        """Adam over the trainable parameters of the network; networks in the loss are not trained."""
        optimizer = self.optimizer()
        if self.scheduler is None:
            return optimizer
        return [optimizer], [{"scheduler": self.scheduler(optimizer), "interval": "step"}]

    def on_train_start(self) -> None:
        """Set the rates of a continued training as if it had had its settings from the first step.

        A checkpoint has the rates of the settings before, such as another learning rate or number of steps.
        """
        if self.trainer.global_step == 0:
            return
        optimizer = self.optimizer()
        if self.scheduler is not None:
            scheduler = self.scheduler(optimizer)
            with warnings.catch_warnings():
                # This optimizer takes no steps.
                warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step")
                for _ in range(self.trainer.global_step):
                    scheduler.step()
            for restored in self.trainer.lr_scheduler_configs:
                restored.scheduler.load_state_dict(scheduler.state_dict())
        for group, own in zip(self.trainer.optimizers[0].param_groups, optimizer.param_groups, strict=True):
            group.update({name: value for name, value in own.items() if name != "params"})

    def optimizer(self) -> torch.optim.Optimizer:
        """The optimizer of the weights."""
        return torch.optim.Adam(self.model.parameters(), lr=self.learning_rate)
