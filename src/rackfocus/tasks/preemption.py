"""Signals by which a queue takes its machine back: a training ends behind a step, and is queued again."""

import os
import signal
import subprocess
import threading
from types import FrameType

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities import rank_zero_only
from pytorch_lightning.utilities.exceptions import SIGTERMException

SIGNALS = (signal.SIGUSR1, signal.SIGUSR2)
"""SLURM sends what `--signal` names, submitit SIGUSR2, some minutes before a job has to end."""


class Preempted(SIGTERMException):
    """A training ended because of one of `SIGNALS`, behind a checkpoint of its last step."""

    def __init__(self, received: signal.Signals) -> None:
        super().__init__()
        self.received = received


class HeldSignals:
    """Notes the signals while a training runs; to obey them at once would end it in the middle of a step.

    Lightning restores the handlers at the end of a training.
    """

    def __init__(self) -> None:
        self.received = 0

    def hold(self) -> None:
        """Note them from now on."""
        # Python has handlers in the main thread only.
        if threading.current_thread() is threading.main_thread():
            for each in SIGNALS:
                signal.signal(each, self._note)

    def agreed(self, trainer: pl.Trainer) -> int:
        """The signal that any process of the training has received, the same in all of them; 0: none."""
        if trainer.world_size == 1:
            return self.received
        own = torch.tensor(self.received, device=trainer.strategy.root_device)
        return int(trainer.strategy.reduce(own, reduce_op="max"))

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.received = number


def leave_signals_to_the_training(_worker: int) -> None:
    """Ignore them in a process that loads data: a queue sends them to all processes of a job."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)


@rank_zero_only
def queue_again(received: signal.Signals) -> None:
    """Have the job of this process queued again: by whoever handled the signal before, else by SLURM.

    The handler of submitit ends the process with an exit code of its own.
    """
    handler = signal.getsignal(received)
    if callable(handler):
        handler(received, None)
    elif "SLURM_JOB_ID" in os.environ:
        subprocess.run(["scontrol", "requeue", _slurm_job()], check=False)


def _slurm_job() -> str:
    """The name of this job; the number of one of an array may also be that of the array."""
    if array := os.environ.get("SLURM_ARRAY_JOB_ID"):
        return f"{array}_{os.environ['SLURM_ARRAY_TASK_ID']}"
    return os.environ["SLURM_JOB_ID"]
