"""Runs jobs of which each has to succeed."""

from collections.abc import Callable, Sequence
from contextlib import closing

from rackfocus.jobs.job import Job, Workers
from rackfocus.jobs.local import LocalWorkers
from rackfocus.types import InputError


def run_jobs(
    jobs: Sequence[Job],
    *,
    workers: int | Workers | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> None:
    """Run all jobs that are not done yet.

    If a job fails for a reason that the user cannot correct, the others are still run. On Ctrl-C, all
    workers are ended and `KeyboardInterrupt` is raised.

    Args:
        jobs: the jobs to run.
        workers: what runs them, or a number of processes, of which a single one is this process; `None`: one
            for each core.
        progress: called with the name of a job, the steps done and all steps.

    Raises:
        InputError: `workers` is not positive or cannot be started; a job reports a wrong setting; or jobs
            failed, by name.
    """
    if workers is None or isinstance(workers, int):
        workers = LocalWorkers(workers, alone_in_this_process=True)
    tally = Tally(jobs, progress)
    open_jobs = tally.open_jobs()
    failed: list[str] = []
    with closing(workers.outcomes(open_jobs, tally.report)) as outcomes:
        for job, problem in outcomes:
            if problem is None:
                tally.report(job, job.steps)
            elif problem.is_input:
                raise InputError(problem.sentence)
            else:
                failed.append(f"{job.name} ({problem.sentence})")
    if failed:
        told = "; ".join(failed)
        raise InputError(f"{len(failed)} of {len(jobs)} failed: {told}; run again to try them anew.")


class Tally:
    """The number of steps done by all jobs.

    Args:
        jobs: all jobs.
        progress: see `run_jobs`; called whenever the number of a job's steps changes.
    """

    def __init__(self, jobs: Sequence[Job], progress: Callable[[str, int, int], None] | None) -> None:
        self._jobs, self._progress = jobs, progress
        self._total = sum(job.steps for job in jobs)
        self._done: dict[str, int] = {}

    def open_jobs(self) -> list[Job]:
        """The jobs that are not done; the steps of the others count as done."""
        left = []
        for job in self._jobs:
            if job.is_done():
                self.report(job, job.steps)
            else:
                left.append(job)
        return left

    def report(self, job: Job, done: int) -> None:
        """Note the steps done of a job."""
        if self._done.get(job.name) != done:
            self._done[job.name] = done
            if self._progress is not None:
                self._progress(job.name, sum(self._done.values()), self._total)
