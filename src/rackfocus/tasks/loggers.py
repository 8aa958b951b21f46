"""Loggers that need a decision before they start."""

from pathlib import Path

import wandb
from pytorch_lightning.loggers import WandbLogger
from pytorch_lightning.utilities import rank_zero_only


class WandbRunLogger(WandbLogger):
    """One Weights & Biases run for each training, also within a sweep.

    It is online where a key is known, else offline: `wandb sync` sends it later.

    Args:
        save_dir: the run's files go into `wandb/` below this folder.
        project: the name of the project.
    """

    def __init__(self, *, save_dir: str, project: str) -> None:
        Path(save_dir).mkdir(parents=True, exist_ok=True)
        mode = "online" if wandb.login(prompt=False) else "offline"
        super().__init__(project=project, save_dir=save_dir, mode=mode)
        self.mode = mode

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """End the run, so that the next training of this process begins one of its own."""
        super().finalize(status)
        if self._experiment is not None:
            self._experiment.finish()
