"""The best checkpoint of a training, by a validation score."""

import os
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint

from rackfocus.tasks.checkpoints import is_last_step


class BestCheckpoint(ModelCheckpoint):
    """`best.ckpt`: the weights with the best validation; the last step is validated, too.

    Whether a high or a low score is better is a matter of the score (`Task.HIGHER_IS_BETTER`), unless `mode`
    is given. The best score is kept when the folder is moved.

    Args:
        dirpath: the folder.
        monitor: the validation score.
        settings: of Lightning's `ModelCheckpoint`.
    """

    def __init__(self, *, dirpath: str, monitor: str, **settings: Any) -> None:
        self.by_score = "mode" not in settings
        defaults: dict[str, Any] = {"filename": "best", "enable_version_counter": False}
        super().__init__(dirpath, monitor=monitor, **defaults | settings)

    @property
    def state_key(self) -> str:
        """That of `ModelCheckpoint`, which checkpoints had before this class."""
        return super().state_key.replace(type(self).__name__, ModelCheckpoint.__name__, 1)

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Look up whether the highest or the lowest score is the best."""
        super().setup(trainer, pl_module, stage)
        if self.by_score and self.monitor in getattr(pl_module, "HIGHER_IS_BETTER", ()):
            self.mode, self.kth_value = "max", torch.tensor(-torch.inf)

    def on_train_batch_end(self, trainer: pl.Trainer, *others: Any) -> None:
        """Have the last step validated: Lightning does so where a training is asked to stop."""
        super().on_train_batch_end(trainer, *others)
        if is_last_step(trainer):
            trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        """The best score, with paths relative to the folder."""
        return _moved(super().state_dict(), ".")

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the best score, unless its weights are not in this folder.

        The paths are relative to the folder; in older checkpoints they are absolute.
        """
        state = _moved(state_dict, str(self.dirpath))
        if Path(state["best_model_path"]).is_file():
            super().load_state_dict(state)


def _moved(state: dict[str, Any], folder: str) -> dict[str, Any]:
    """The state of a `ModelCheckpoint` whose files are in `folder`."""

    def moved(path: str) -> str:
        return path and str(Path(folder, os.path.relpath(path, state["dirpath"])))

    paths = ("best_model_path", "kth_best_model_path", "last_model_path")
    return {
        **state,
        **{name: moved(state[name]) for name in paths},
        "best_k_models": {moved(path): score for path, score in state["best_k_models"].items()},
        "dirpath": folder,
    }
