"""Weights & Biases runs for trainings that can be continued, and for sweeps."""

import re
from pathlib import Path

import wandb
from pytorch_lightning.loggers import WandbLogger
from pytorch_lightning.utilities import rank_zero_only


class WandbRunLogger(WandbLogger):
    """A Weights & Biases run of its own for each training; one that goes on in its folder goes on in its run.

    It is online if an API key is set, else offline: `wandb sync` uploads it later. `WANDB_MODE`,
    `wandb offline` and `wandb disabled` are obeyed.

    Args:
        save_dir: the folder of the training; the files of the run go into its folder `wandb/`.
        project: of the run.
        name: of a new run; one that goes on keeps its own.
        group: of a new run: which runs belong together, such as those of a sweep. `None`: it stands alone.
    """

    def __init__(self, *, save_dir: str, project: str, name: str, group: str | None = None) -> None:
        Path(save_dir).mkdir(parents=True, exist_ok=True)
        mode = wandb.setup().settings.mode
        if mode == "online" and not wandb.login(prompt=False):
            mode = "offline"
        self.mode = mode
        earlier = _earlier_id(Path(save_dir))
        named = {"id": earlier} if earlier else {"name": name, "group": group}
        super().__init__(project=project, save_dir=save_dir, mode=mode, **named)

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """End the run, so that the next training of this process begins a new one."""
        super().finalize(status)
        if self._experiment is not None:
            self._experiment.finish()


def _earlier_id(folder: Path) -> str | None:
    """The identifier of the run in this folder, by the name of the folder of its files."""
    names = [re.fullmatch(r"(?:offline-)?run-\d+_\d+-(.+)", path.name) for path in folder.glob("wandb/*")]
    return next((name[1] for name in names if name), None)
