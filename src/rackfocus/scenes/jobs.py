"""Renders many scenes in parallel: each scene is a job, run by one of several processes.

A job writes into a hidden folder and renames it when it is complete, so that an interrupted run is continued
by running it again. Processes are spawned, not forked, because Mitsuba's threads do not survive a fork.
"""

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from rackfocus.types import InputError

Report = Callable[[int], None]


class SceneJob(Protocol):
    """A rendering job, named such as `train/0007`, that can be sent to another process."""

    @property
    def name(self) -> str: ...

    @property
    def steps(self) -> int: ...

    def is_done(self) -> bool:
        """Whether its complete files exist."""
        ...

    def run(self, report: Report) -> None:
        """Do the job; calls `report` with the number of steps done."""
        ...


def count_cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_jobs(
    jobs: Sequence[SceneJob],
    *,
    workers: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> None:
    """Run all jobs that are not done yet.

    If a job fails for a reason that the user cannot correct, the others are still run. On Ctrl-C, all
    processes are ended and `KeyboardInterrupt` is raised.

    Args:
        jobs: the jobs to run.
        workers: number of processes. `None`: one for each core. Each gets its share of the cores as threads.
        progress: called with the name of a job, the steps done and all steps.

    Raises:
        InputError: `workers` is not positive; a job reports a wrong setting; or jobs failed, by name.
    """
    if workers is not None and workers < 1:
        raise InputError(f"workers must be at least 1, and is {workers}; null is one a core.")
    tally = _Tally(sum(job.steps for job in jobs), progress)
    open_jobs = []
    for job in jobs:
        if job.is_done():
            tally.report(job.name, job.steps)
        else:
            open_jobs.append(job)
    cores = count_cores()
    crew = min(cores if workers is None else workers, len(open_jobs))
    failed: list[tuple[str, str]] = []
    if crew > 1:
        _share_out(open_jobs, crew, max(1, cores // crew), tally, failed)
    else:
        for job in open_jobs:
            problem = _attempt(job, lambda done, name=job.name: tally.report(name, done))  # type: ignore[misc]
            if problem is not None:
                _note_failure(job.name, problem, failed)
    if failed:
        told = "; ".join(f"{name} ({why})" for name, why in failed)
        raise InputError(f"{len(failed)} of {len(jobs)} failed: {told}; run again to try them anew.")


class _Tally:
    """The total number of steps done by all jobs."""

    def __init__(self, total: int, progress: Callable[[str, int, int], None] | None) -> None:
        self._done: dict[str, int] = {}
        self._total, self._progress = total, progress

    def report(self, name: str, done: int) -> None:
        self._done[name] = done
        if self._progress is not None:
            self._progress(name, sum(self._done.values()), self._total)


@dataclass(frozen=True)
class _Problem:
    """Why a job was not done; `is_input`: the user can correct it."""

    sentence: str
    is_input: bool
    trace: str = ""


def _attempt(job: SceneJob, report: Report) -> _Problem | None:
    try:
        job.run(report)
    except InputError as error:
        return _Problem(str(error), is_input=True)
    except Exception as error:  # One failing scene must not end the others.
        return _Problem(f"{type(error).__name__}: {error}", is_input=False, trace=traceback.format_exc())
    return None


def _note_failure(name: str, problem: _Problem, failed: list[tuple[str, str]]) -> None:
    if problem.is_input:
        raise InputError(problem.sentence)
    failed.append((name, " ".join(problem.sentence.split())))


@dataclass
class _Worker:
    process: BaseProcess
    line: "Connection[Any, Any]"
    job: SceneJob | None = None


@contextmanager
def _ctrl_c_held() -> Iterator[None]:
    """Block Ctrl-C: a process started meanwhile never gets it, and this one gets it afterwards.

    A terminal sends Ctrl-C to all processes; the main process ends the others.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows.
        yield
        return
    resource_tracker.ensure_running()  # Otherwise starting it would unblock Ctrl-C.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _share_out(
    jobs: Sequence[SceneJob], crew: int, threads: int, tally: _Tally, failed: list[tuple[str, str]]
) -> None:
    """Send jobs to processes as they become free."""
    context = multiprocessing.get_context("spawn")
    queue = list(reversed(jobs))
    workers: list[_Worker] = []

    def hire() -> None:
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, threads), daemon=True)
        with _ctrl_c_held():
            process.start()
        theirs.close()
        worker = _Worker(process, ours, queue.pop())
        ours.send(worker.job)
        workers.append(worker)

    try:
        for _ in range(crew):
            hire()
        while workers:
            for line in wait([worker.line for worker in workers]):
                worker = next(each for each in workers if each.line is line)
                assert worker.job is not None
                try:
                    answer = worker.line.recv()
                except EOFError:  # Killed from outside, for example out of memory.
                    worker.process.join()
                    failed.append((worker.job.name, f"its process ended with code {worker.process.exitcode}"))
                    workers.remove(worker)
                    if queue:
                        hire()
                    continue
                if isinstance(answer, int):
                    tally.report(worker.job.name, answer)
                    continue
                if answer is not None:
                    _note_failure(worker.job.name, answer, failed)
                worker.job = queue.pop() if queue else None
                worker.line.send(worker.job)
                if worker.job is None:
                    worker.process.join()
                    workers.remove(worker)
    finally:
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.process.join()


def _work(line: "Connection[Any, Any]", threads: int) -> None:
    """The main loop of a process: run jobs from the connection until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_threads(threads)
    try:
        while (job := line.recv()) is not None:
            line.send(_attempt(job, line.send))
    except (EOFError, BrokenPipeError):
        return


def _limit_threads(threads: int) -> None:
    import cv2
    import torch

    cv2.setNumThreads(threads)
    torch.set_num_threads(threads)
    try:
        import drjit
    except ImportError:  # The job itself reports this.
        return
    drjit.set_thread_count(threads)
