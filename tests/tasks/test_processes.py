"""What the launcher of a training does when a process ends; tests of `cli` have whole trainings."""

import os
import subprocess
import sys

import pytest
from lightning_fabric.plugins.environments import LightningEnvironment

from rackfocus.tasks import processes
from rackfocus.tasks.processes import STARTED_BY, WatchedLauncher
from rackfocus.types import InputError


@pytest.fixture
def launcher(monkeypatch):
    """That of rank 0, which has started another process."""
    monkeypatch.setenv("LOCAL_RANK", "0")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(processes, "GRACE_S", 2.0)
    launcher = WatchedLauncher(LightningEnvironment(), num_processes=2, num_nodes=1)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        launcher.procs = [process]
        yield launcher
        process.kill()


def test_an_error_after_the_end_of_another_process_becomes_a_sentence_about_it(launcher):
    def exchange():
        launcher.procs[0].kill()
        raise RuntimeError("Connection closed by peer")

    with pytest.raises(InputError, match="process of rank 1 was killed by SIGKILL, so all end"):
        launcher.launch(exchange)


def test_other_errors_and_results_pass(launcher, monkeypatch):
    monkeypatch.setattr(processes, "GRACE_S", 0.0)

    def fail():
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        launcher.launch(fail)
    assert launcher.launch(lambda: 3) == 3


def test_a_process_whose_starter_has_ended_says_so(monkeypatch):
    launcher = WatchedLauncher(LightningEnvironment(), num_processes=2, num_nodes=1)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert launcher.ended() is None  # others have started it, such as torchrun
    monkeypatch.setenv(STARTED_BY, str(os.getppid()))
    assert launcher.ended() is None
    monkeypatch.setenv(STARTED_BY, "1")
    assert "has ended, so it ends too" in launcher.ended()
