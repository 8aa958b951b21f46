"""The base class of all trainings."""

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
        TRY: a command that uses it, with `{}` for its path and `{data}` for the data it was trained on.
        HEADLINE: the validation score for the progress bar, and its unit.
    """

    WEIGHTS_FILE: ClassVar[str]
    TRY: ClassVar[str]
    HEADLINE: ClassVar[tuple[str, str]]

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

    def optimizer(self) -> torch.optim.Optimizer:
        """The optimizer of the weights."""
        return torch.optim.Adam(self.model.parameters(), lr=self.learning_rate)
