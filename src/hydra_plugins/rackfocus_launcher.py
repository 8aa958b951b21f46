"""The launcher of sweeps by `rackfocus.jobs`, in the one package where Hydra looks for launchers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

if TYPE_CHECKING:
    from rackfocus.jobs.job import Workers


class WorkersLauncher(Launcher):
    """Has the jobs of a sweep run by workers, such as those of a Ray cluster.

    Args:
        workers: run the jobs.
    """

    def __init__(self, workers: "Workers") -> None:
        self.workers = workers

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """See Hydra's `Launcher.setup`."""
        self.context, self.task, self.config = hydra_context, task_function, config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> list[JobReturn]:
        """See Hydra's `Launcher.launch`."""
        # Every program that uses Hydra imports this file, and need not wait for torch.
        from rackfocus.cli.runs.sweep_jobs import run_sweep, sweep_jobs

        jobs = sweep_jobs(self.config, self.task, self.context, job_overrides, first=initial_job_idx)
        return run_sweep(jobs, self.workers)
