"""The table at the end of a sweep of trainings."""

from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from rackfocus.cli.runs.collected import collect, trainings
from rackfocus.types import InputError


class SweepTable(Callback):
    """Prints and writes the table of the jobs of `rackfocus train -m` beside their folders."""

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        """Evaluate the jobs."""
        folder = Path(config.hydra.sweep.dir)
        try:
            jobs = trainings([folder])
        except InputError:
            return
        collect(jobs, folder)
