"""Finds a learning rate by a range test, without training."""

from pathlib import Path

import pytorch_lightning as pl
from matplotlib.figure import Figure
from pytorch_lightning.callbacks import LearningRateFinder
from pytorch_lightning.utilities.exceptions import _TunerExitException

from rackfocus.types import InputError


class RateFinder(LearningRateFinder):
    """Tries rising learning rates, says at which the loss falls fastest, and ends the training.

    Lightning's own callback trains on with what it found; the recorded configuration would tell another rate.

    Args:
        dirpath: the folder for `learning_rates.png`, the loss over the rates.
        steps: the number of rates to try, a step each.
        lowest: the first rate.
        highest: the last rate.
    """

    def __init__(self, *, dirpath: str, steps: int = 100, lowest: float = 1e-6, highest: float = 1.0) -> None:
        super().__init__(lowest, highest, steps, early_stop_threshold=None)
        self.path = Path(dirpath) / "learning_rates.png"

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Run the test and report.

        Raises:
            InputError: there are too few steps to tell a rate.
        """
        super().on_fit_start(trainer, pl_module)
        assert self.optimal_lr is not None
        rate = self.optimal_lr.suggestion()
        if rate is None:
            raise InputError(
                f"{len(self.optimal_lr.results['loss'])} steps are too few to tell a learning rate; raise "
                "callbacks.rate_finder.steps."
            )
        if trainer.is_global_zero:
            figure = Figure()
            self.optimal_lr.plot(suggest=True, ax=figure.subplots())
            figure.savefig(self.path)
            print(f"\nThe loss falls fastest at learning_rate={rate:.1e}: {self.path}")
        raise _TunerExitException
