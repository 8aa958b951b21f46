"""Runs a measurement with limits of memory and time."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from rackfocus.evaluation.benchmarks.renderer.cell import Answer, Job
from rackfocus.evaluation.benchmarks.renderer_peers.memory import tree_bytes

GB = 1e9
START_SECONDS = 240.0
"""The largest time for a process to start, compile and load its inputs."""

_LOOK_SECONDS = 0.05


class StoppedError(Exception):
    """A measurement that was stopped; the message is a short reason."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """The limits of one rendering: memory of all its processes, and time."""

    memory_gb: float
    seconds: float


def guarded(job: Job, limits: Limits) -> Answer:
    """Run the job in a new process with these limits.

    Raises:
        StoppedError: it exceeded a limit, or failed.
    """
    renderings = 2 if job.against is None else 2 * (1 + job.repeats)
    deadline = time.monotonic() + START_SECONDS + 2 * limits.seconds * renderings
    with TemporaryDirectory(prefix="rackfocus-") as name:
        folder = Path(name)
        (folder / "job.json").write_text(json.dumps(dataclasses.asdict(job)))
        command = [sys.executable, "-m", "rackfocus.evaluation.benchmarks.renderer.cell"]
        threads = str(job.cores)
        environment = os.environ | {
            "OMP_NUM_THREADS": threads,
            "NUMBA_NUM_THREADS": threads,
            "TMPDIR": name,
        }
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                [*command, str(folder / "job.json"), str(folder / "answer.json")],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )
            try:
                _watch(process, limits, deadline)
            finally:
                _end(process)
        if process.returncode:
            lines = (folder / "log").read_text().strip().splitlines() or ["it said nothing"]
            raise StoppedError(f"failed: {lines[-1]}")
        return Answer(**json.loads((folder / "answer.json").read_text()))


def _watch(process: "subprocess.Popen[bytes]", limits: Limits, deadline: float) -> None:
    while process.poll() is None:
        if tree_bytes(process.pid) > limits.memory_gb * GB:
            raise StoppedError(f"needs more than {limits.memory_gb:g} GB")
        if time.monotonic() > deadline:
            raise StoppedError(f"takes more than {limits.seconds:g} s")
        time.sleep(_LOOK_SECONDS)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the process of a measurement and its children."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        process.wait()
