"""Runs jobs in processes of this machine.

Processes are spawned, not forked, because the threads of Mitsuba and torch do not survive a fork.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from rackfocus.jobs.job import Job, Problem, attempt
from rackfocus.memory import share_heap
from rackfocus.threads import limit_threads
from rackfocus.types import InputError


def count_cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class LocalWorkers:
    """Processes of this machine, each with its share of the cores as threads; see `Workers`.

    A process that dies, for example because memory does not suffice, is replaced.

    Attributes:
        workers: their number; `None`: one for each core.
        alone_in_this_process: a single one is this process, which starts at once but dies with its job.

    Raises:
        InputError: the number is not positive.
    """

    workers: int | None = None
    alone_in_this_process: bool = False

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise InputError(f"workers must be at least 1, and is {self.workers}; null is one a core.")

    def outcomes(
        self, jobs: Sequence[Job], report: Callable[[Job, int], None]
    ) -> Generator[tuple[Job, Problem | None], None, None]:
        """See `Workers.outcomes`."""
        cores = count_cores()
        crew = min(self.workers or cores, len(jobs))
        if crew == 1 and self.alone_in_this_process:
            for job in jobs:
                yield job, attempt(job, lambda done, job=job: report(job, done))  # type: ignore[misc]
        else:
            # Not by the number of jobs: the last digits of results may depend on the number of threads.
            yield from _share_out(jobs, crew, max(1, cores // (self.workers or cores)), report)


@dataclass
class _Worker:
    process: BaseProcess
    line: "Connection[Any, Any]"
    job: Job


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
    jobs: Sequence[Job], crew: int, threads: int, report: Callable[[Job, int], None]
) -> Generator[tuple[Job, Problem | None], None, None]:
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
        workers.append(worker)
        ours.send(worker.job)

    def dismiss(worker: _Worker) -> None:
        worker.process.join()
        workers.remove(worker)

    try:
        for _ in range(crew):
            hire()
        while workers:
            for line in wait([worker.line for worker in workers]):
                worker = next(each for each in workers if each.line is line)
                job = worker.job
                try:
                    answer = worker.line.recv()
                except (EOFError, ConnectionResetError):
                    dismiss(worker)
                    yield job, Problem(_death(worker.process.exitcode))
                    if queue:
                        hire()
                    continue
                if isinstance(answer, int):
                    report(job, answer)
                    continue
                if queue:
                    worker.job = queue.pop()
                    worker.line.send(worker.job)
                else:
                    worker.line.send(None)
                    dismiss(worker)
                yield job, answer
    finally:
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.process.join()


def _death(code: int | None) -> str:
    """How a process ended that did not answer."""
    if code == -signal.SIGKILL:
        return "its process was killed, as the system does when memory does not suffice"
    return f"its process ended with code {code}"


def _work(line: "Connection[Any, Any]", threads: int) -> None:
    """The main loop of a process: run jobs from the connection until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    share_heap()
    limit_threads(threads)
    try:
        while (job := line.recv()) is not None:
            line.send(attempt(job, line.send))
    except (EOFError, BrokenPipeError):
        return
