"""Who is asked to queue a job again; tests of `checkpoints` have what a training leaves."""

import signal

import pytest

from rackfocus.tasks.preemption import queue_again


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """What SLURM was asked, by a program of the name of its own."""
    (tmp_path / "scontrol").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    (tmp_path / "scontrol").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    (tmp_path / "asked").touch()
    return tmp_path / "asked"


@pytest.mark.parametrize(
    ("job", "name"),
    [
        ({"SLURM_JOB_ID": "17"}, "17"),
        ({"SLURM_JOB_ID": "12", "SLURM_ARRAY_JOB_ID": "12", "SLURM_ARRAY_TASK_ID": "3"}, "12_3"),
    ],
)
def test_slurm_queues_its_job_again(job, name, asked, monkeypatch):
    for key, value in job.items():
        monkeypatch.setenv(key, value)
    queue_again(signal.SIGUSR1)
    assert asked.read_text() == f"requeue {name}\n"


def test_elsewhere_nobody_is_asked(asked, monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    queue_again(signal.SIGUSR1)
    assert asked.read_text() == ""


def test_whoever_waited_for_the_signal_before_is_asked_first(asked, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    heard = []
    before = signal.signal(signal.SIGUSR2, lambda number, _: heard.append(number))
    try:
        queue_again(signal.SIGUSR2)
    finally:
        signal.signal(signal.SIGUSR2, before)
    assert heard == [signal.SIGUSR2]
    assert asked.read_text() == ""
