"""What every training has, whatever it trains."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytorch_lightning as pl
import torch
from torch import nn

MakeScheduler = Callable[[torch.optim.Optimizer], torch.optim.lr_scheduler.LRScheduler]
"""Makes the scheduler of an optimizer, which changes the learning rate after every step."""


class Task(pl.LightningModule, ABC):
    """A network, its optimizer, and the file that it ends in.

    Attributes:
        WEIGHTS_FILE: the name of that file.
        TRY: the command that uses it, with `{}` for its path.
        HEADLINE: the validation score that progress shows, and its unit.

    Args:
        model: the network.
        learning_rate: Adam's.
        scheduler: makes the scheduler of the learning rate; `None` leaves the rate fixed.
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
        """Write the network to a file, whole or not at all."""

    def configure_optimizers(self) -> Any:
        """Adam over what learns: a network inside the loss does not."""
        optimizer = self.optimizer()
        if self.scheduler is None:
            return optimizer
        return [optimizer], [{"scheduler": self.scheduler(optimizer), "interval": "step"}]

    def optimizer(self) -> torch.optim.Optimizer:
        """What changes the weights."""
        return torch.optim.Adam(self.model.parameters(), lr=self.learning_rate)
