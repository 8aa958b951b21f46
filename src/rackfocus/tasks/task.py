"""The base class of all trainings."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data.distributed import DistributedSampler

from rackfocus.metrics.sample_mean import SampleMean
from rackfocus.tasks.data import mixed_seed

MakeScheduler = Callable[[torch.optim.Optimizer], torch.optim.lr_scheduler.LRScheduler]
"""Creates a learning rate scheduler for an optimizer; it is stepped after every training step."""


class Task(pl.LightningModule, ABC):
    """A network, its optimizer, its validation scores, and the file of its weights.

    Attributes:
        SCORES: the names of what is averaged over the validation samples; logged as `validation/NAME`.
        RATES: the names of the learning rates of the optimizer's groups of weights; logged as `train/NAME`.
        WEIGHTS_FILE: the name of that file.
        TRY: a command that uses it, with `{}` for its path and `{data}` for the data it was trained on.
        HEADLINE: the validation score for the progress bar, and its unit.
        HIGHER_IS_BETTER: the validation scores of which the highest is the best; of all others, the lowest.
    """

    SCORES: ClassVar[tuple[str, ...]]
    RATES: ClassVar[tuple[str, ...]] = ("learning_rate",)
    WEIGHTS_FILE: ClassVar[str]
    TRY: ClassVar[str]
    HEADLINE: ClassVar[tuple[str, str]]
    HIGHER_IS_BETTER: ClassVar[frozenset[str]] = frozenset()
    scores: Mapping[str, SampleMean]

    def __init__(self, model: nn.Module, learning_rate: float, scheduler: MakeScheduler | None) -> None:
        super().__init__()
        self.model = model
        self.learning_rate = learning_rate
        self.scheduler = scheduler
        self.scores = nn.ModuleDict({name: SampleMean() for name in self.SCORES})  # type: ignore[assignment]
        self.repeated = False

    @abstractmethod
    def save_weights(self, path: Path) -> None:
        """Write the network to a file atomically."""

    def setup(self, stage: str) -> None:  # noqa: ARG002
        """Remember the seed of the training, before any callback takes a step."""
        self.seed = torch.initial_seed()

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:  # noqa: ARG002
        """Log the learning rates of this step, and seed what is random in it, such as dropout.

        A checkpoint has no state of random numbers, so a continued training would draw others. Processes draw
        different ones.
        """
        within = batch_idx % self.trainer.accumulate_grad_batches
        torch.manual_seed(mixed_seed(self.seed, self.trainer.global_step, within, self.trainer.global_rank))
        for name, group in zip(self.RATES, self.trainer.optimizers[0].param_groups, strict=True):
            self.log(f"train/{name}", torch.tensor(group["lr"], dtype=torch.float64))

    def on_validation_epoch_start(self) -> None:
        """Begin with no samples."""
        for score in self.scores.values():
            score.reset()

    def on_validation_batch_start(
        self,
        batch: Any,  # noqa: ARG002
        batch_idx: int,
        dataloader_idx: int = 0,  # noqa: ARG002
    ) -> None:
        """Tell whether another process has this sample too.

        Processes validate in step, so where their number does not divide that of the samples, torch's sampler
        repeats some of them.
        """
        sampler = self.trainer.val_dataloaders.sampler  # type: ignore[union-attr]
        self.repeated = isinstance(sampler, DistributedSampler) and (
            batch_idx * sampler.num_replicas + sampler.rank >= len(sampler.dataset)  # type: ignore[arg-type]
        )

    def add_scores(self, values: Mapping[str, Tensor]) -> None:
        """Add the scores of a validation batch, of which some may not exist: a value of each sample."""
        none = torch.empty(0, device=self.device)
        for name, score in self.scores.items():
            score.update(none if self.repeated else values.get(name, none))

    def on_validation_epoch_end(self) -> None:
        """Log the scores that any sample of any process has; every process logs the same."""
        samples = torch.stack([score.samples for score in self.scores.values()])
        everywhere = self.trainer.strategy.reduce(samples, reduce_op="sum")
        for (name, score), count in zip(self.scores.items(), everywhere, strict=True):
            if count > 0:
                self.log(f"validation/{name}", score)

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
