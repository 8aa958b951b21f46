"""Runs jobs on a Ray cluster: one that is there, or one started on this machine for as long as the jobs run.

A worker process takes one job after the other, so that what it has loaded, such as a network, serves for all.
"""

import logging
import os
import pickle
import socket
import sys
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rackfocus.jobs.job import Job, Problem, attempt
from rackfocus.memory import share_heap
from rackfocus.threads import limit_threads
from rackfocus.types import InputError

ANSWER_S = 5.0
"""How long an address has to accept a connection."""


@dataclass(frozen=True)
class RayCluster:
    """The workers of a Ray cluster; see `Workers`. Progress is told when a job has ended.

    Jobs run in the folder from which they are sent, so that files are found by the same paths: it and all
    files of the jobs lie on storage that every node sees. Nodes have the same version of this package.

    Attributes:
        address: of the cluster, such as `10.0.0.1:6379`, `ray://host:10001` or `auto`, the one of which this
            machine is a node; `None`: one is started on this machine.
        cpus: the cores that a job takes, and its threads.
        gpus: the share of a GPU that a job takes: with 0.5 two jobs share one.

    Raises:
        InputError: a number is out of range.
    """

    address: str | None = None
    cpus: int = 1
    gpus: float = 0

    def __post_init__(self) -> None:
        if self.cpus < 1:
            raise InputError(f"cpus must be at least 1, and is {self.cpus}.")
        if self.gpus < 0 or (self.gpus > 1 and self.gpus % 1):
            raise InputError(f"gpus must be a share of one or a whole number, and is {self.gpus}.")

    def outcomes(
        self,
        jobs: Sequence[Job],
        report: Callable[[Job, int], None],  # noqa: ARG002
    ) -> Generator[tuple[Job, Problem | None], None, None]:
        """See `Workers.outcomes`."""
        if not jobs:
            return
        ray = _connected(self.address)
        try:
            self._require_room(ray)
            # Ray itself would repeat a job whose worker died, without end if memory does not suffice; and it
            # would end a worker on a GPU after each job.
            task = ray.remote(num_cpus=self.cpus, num_gpus=self.gpus, max_retries=0, max_calls=0)(_work)
            sent = {
                task.remote(job.name, pickle.dumps(job), str(Path.cwd()), sys.path, self.cpus): job
                for job in jobs
            }
            while sent:
                (done,), _ = ray.wait(list(sent), num_returns=1)
                yield sent.pop(done), _answer(ray, done)
        finally:
            ray.shutdown()

    def _require_room(self, ray: Any) -> None:
        """Check that a node can take a job, which would wait for one without end."""
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        if not any(node.get("CPU", 0) >= self.cpus and node.get("GPU", 0) >= self.gpus for node in nodes):
            raise InputError(
                f"No node of the cluster has {self.cpus} cores and {self.gpus:g} GPUs for a job; lower "
                "cpus or gpus."
            )


def _connected(address: str | None) -> Any:
    """Ray, connected to a cluster.

    Raises:
        InputError: Ray is not installed, or the cluster does not answer or has another version of it.
    """
    try:
        import ray
    except ImportError as error:
        raise InputError(
            "Jobs on a cluster need Ray; install it by `pip install 'rackfocus[ray]'`."
        ) from error
    if address is not None:
        _require_answer(address)
    settings = {name: value for name, value in os.environ.items() if name.startswith("RACKFOCUS_")}
    try:
        ray.init(
            address=address or "local",
            logging_level=logging.WARNING,
            log_to_driver=False,
            include_dashboard=None if address else False,
            runtime_env={"env_vars": settings},
        )
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"The Ray cluster {address or 'on this machine'} cannot be used ({reason}); see `ray status`, or "
            "leave out the address."
        ) from error
    return ray


def _require_answer(address: str) -> None:
    """Check that something listens at an address: Ray itself would wait for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdigit():  # A name such as `auto`.
        return
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise InputError(
            f"No Ray cluster answers at {address} ({error}); give the address that `ray start --head` told."
        ) from error


def _answer(ray: Any, done: Any) -> Problem | None:
    """What a job returned, or why its worker did not."""
    try:
        problem: Problem | None = ray.get(done)
    except ray.exceptions.OutOfMemoryError:
        return Problem("its process was killed by Ray, because the memory of its node did not suffice")
    except ray.exceptions.RayTaskError as error:
        return Problem(f"its worker could not run it ({_line(error, -1)})")
    except ray.exceptions.RayError as error:
        return Problem(f"its worker was lost ({type(error).__name__}: {_line(error, 0)})")
    return problem


def _line(error: Exception, number: int) -> str:
    """A line of Ray's message: the first one tells of its own errors, the last one of those of Python."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[number] if lines else "no reason"


def _work(name: str, job: bytes, folder: str, modules: list[str], threads: int) -> Problem | None:
    """Run a pickled job in a worker, in this folder, with these places of modules, its own among them."""
    try:
        os.chdir(folder)
    except OSError as error:
        where = f"{folder} of {name} on the node {socket.gethostname()}"
        return Problem(
            f"{where}: {error.strerror}; start it in a folder on storage that all nodes see", is_input=True
        )
    sys.path.extend(place for place in modules if place not in sys.path)
    share_heap()
    limit_threads(threads)
    return attempt(pickle.loads(job), lambda _steps: None)
