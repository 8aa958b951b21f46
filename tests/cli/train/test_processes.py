"""Trainings of two processes on one machine, which exchange gradients by gloo."""

import contextlib
import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

pytestmark = pytest.mark.slow

TWO = ("trainer.accelerator=cpu", "trainer.devices=2", "trainer.strategy=ddp")
TINY = (
    "experiment=af_net", "data.root=.", "data.train_seeds=[0,2]", "data.validation_seeds=[2,5]",
    "model.width=8", "model.feature_width=8", "model.time_width=8", "datamodule.view.height_px=32",
    "datamodule.view.width_px=48", "datamodule.batch_size=1", "trainer.val_check_interval=1",
    "trainer.log_every_n_steps=1", "callbacks.last.every_n_steps=1", "hydra.run.dir=made",
)  # fmt: skip


STEPS = 8


@pytest.fixture
def start(clips):
    """Begins a training; what is left of it at the end of the test is killed."""
    begun = []

    def begin(*arguments):
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from rackfocus.cli import main; main()",
                "train",
                *TINY,
                *TWO,
                *arguments,
            ],
            cwd=clips,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        begun.append(process)
        return process

    yield begin
    for process in begun:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def clips(tmp_path, write_event_clip):
    """Two to train with; of the three to validate with, only one shows one change of focus."""
    for number in range(5):
        write_event_clip(tmp_path, f"acts_000{number}", events=(12,) if number == 2 else (10, 12))
    return tmp_path


def test_af_net_trains_validates_and_ends(start, clips):
    process = start("trainer.max_steps=2")
    said, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    assert "GLOBAL_RANK: 1" in said + errors
    assert said.count("The best weights") == 1
    with (clips / "made" / "metrics" / "metrics.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["validation/loss"]]
    assert len(rows) == 2
    assert all(float(row["validation/timing_error_s"]) >= 0 for row in rows)


@pytest.mark.parametrize("rank", [0, 1])
def test_a_process_that_is_killed_ends_the_training_within_a_minute_and_it_goes_on(rank, start, clips):
    process = start(f"trainer.max_steps={STEPS}")
    until = time.monotonic() + 600
    while not (clips / "made" / "checkpoints" / "last.ckpt").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.1)
    started = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    (other,) = [int(pid) for pid in started if b"rackfocus" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill((process.pid, other)[rank], signal.SIGKILL)
    # The pipes close when both have ended.
    _, errors = process.communicate(timeout=60)
    (sentence,) = [line for line in errors.splitlines() if line.startswith("rackfocus train: ")]
    assert "Traceback" not in errors
    if rank == 0:
        assert "The process that started that of rank 1 has ended" in sentence
    else:
        assert process.returncode == 2
        assert "The training process of rank 1 was killed by SIGKILL" in sentence
    last = clips / "made" / "checkpoints" / "last.ckpt"
    reached = torch.load(last, weights_only=True)["global_step"]
    assert 0 < reached < STEPS

    process = start(f"trainer.max_steps={STEPS}", "ckpt=last")
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    assert torch.load(last, weights_only=True)["global_step"] == STEPS
    with (clips / "made" / "metrics" / "metrics.csv").open(newline="") as file:
        trained = [int(row["step"]) for row in csv.DictReader(file) if row["train/loss"]]
    assert trained == list(range(STEPS)), f"it went on from step {reached}"
