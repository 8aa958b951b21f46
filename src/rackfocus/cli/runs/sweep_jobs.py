"""The jobs of a sweep as `rackfocus.jobs` runs them, in other processes and on other machines."""

import json
import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus, configure_log, filter_overrides, run_job, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from rackfocus.cli.runs.failed_jobs import read_failure, record_failure
from rackfocus.jobs.job import Workers
from rackfocus.whole_files import write_whole

SCORE = ".score.json"
"""In the folder of a job: the number that it returned, for a sweeper."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SweepJob:
    """A job of a sweep; see `rackfocus.jobs.job.Job`.

    Attributes:
        name: its number.
        config: its configuration, with Hydra's.
        task: what is run with it.
        context: Hydra's callbacks.
        steps: there is one.
    """

    name: str
    config: DictConfig
    task: TaskFunction
    context: HydraContext
    steps: int = 1

    @property
    def folder(self) -> Path:
        """Its folder."""
        return Path(self.config.hydra.sweep.dir, self.config.hydra.sweep.subdir)

    def is_done(self) -> bool:
        """It cannot tell; a training that has ended already only writes its results again."""
        return False

    def run(self, report: Callable[[int], None]) -> None:
        """Run it; the task itself records why it fails."""
        setup_globals()
        ended = run_job(
            task_function=self.task,
            config=self.config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
            hydra_context=self.context,
        )
        write_whole(self.folder / SCORE, json.dumps(ended.return_value).encode())
        report(1)


def sweep_jobs(
    config: DictConfig,
    task: TaskFunction,
    context: HydraContext,
    overrides: Sequence[Sequence[str]],
    *,
    first: int,
) -> list[SweepJob]:
    """The jobs of a sweep, or those that a sweeper begins at a time.

    Args:
        config: of the sweep.
        task: what is run with the configuration of each job.
        context: Hydra's.
        overrides: the settings of each job.
        first: the number of the first one.
    """
    setup_globals()
    configure_log(config.hydra.hydra_logging, config.hydra.verbose)
    jobs = []
    for number, own in enumerate(overrides, start=first):
        log.info(f"\t#{number} : {' '.join(filter_overrides(own))}")
        job = context.config_loader.load_sweep_config(config, list(own))
        with open_dict(job):
            job.hydra.job.id = job.hydra.job.num = number
        jobs.append(SweepJob(str(number), job, task, context))
    return jobs


def run_sweep(jobs: Sequence[SweepJob], workers: Workers) -> list[JobReturn]:
    """Run all jobs; one whose worker was lost leaves the reason in its folder, as one that fails does.

    Returns what each job returned, in their order; `None` for one that failed.

    Raises:
        InputError: no worker can be started.
    """
    folders, scores = {job.name: job.folder for job in jobs}, {}
    with closing(workers.outcomes(jobs, lambda _job, _done: None)) as outcomes:
        for job, problem in outcomes:
            folder = folders[job.name]
            if problem is not None:
                record_failure(folder, problem.sentence)
            failure = read_failure(folder)
            scores[job.name] = None if failure else json.loads((folder / SCORE).read_bytes())
            # The last line of a traceback tells most.
            log.info(f"\t#{job.name} " + (f"failed: {failure.splitlines()[-1]}" if failure else "has ended"))
    return [
        JobReturn(
            overrides=list(job.config.hydra.overrides.task),
            status=JobStatus.COMPLETED,
            _return_value=scores[job.name],
        )
        for job in jobs
    ]
