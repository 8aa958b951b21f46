"""Training in several processes: when one of them ends, all do, and one says why."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
from lightning_fabric.utilities.distributed import _set_num_threads_if_needed
from pytorch_lightning.strategies.launchers import _SubprocessScriptLauncher

from rackfocus.types import InputError

STARTED_BY = "RACKFOCUS_STARTED_BY"
"""The environment variable that tells a process the one that started it."""
INTERVAL_S = 1.0
GRACE_S = 20.0
"""How long a process may take to fail by itself, which leaves its files in order, after another has ended."""


class WatchedLauncher(_SubprocessScriptLauncher):
    """Starts the processes of a training as Lightning does, and ends all of them when one ends early.

    Where one has ended, the others get an error from the next exchange of gradients, or wait in it for half
    an hour. Lightning itself kills the process of rank 0 without a word, and the others stay when that one is
    killed.
    """

    def launch(
        self, function: Callable[..., Any], *args: Any, trainer: pl.Trainer | None = None, **settings: Any
    ) -> Any:
        """Start the other processes and call a function in this one.

        Raises:
            InputError: another process ended before the function returned.
        """
        self.cluster_environment.validate_settings(num_devices=self.num_processes, num_nodes=self.num_nodes)
        if not self.cluster_environment.creates_processes_externally:
            os.environ[STARTED_BY] = str(os.getpid())
            self._call_children_scripts()
        _set_num_threads_if_needed(self.num_processes)
        finished = threading.Event()
        threading.Thread(target=self._watch, args=[finished], daemon=True).start()
        try:
            return function(*args, **settings)
        except RuntimeError as error:
            if trainer is not None and trainer.received_sigterm:
                raise
            ended = self._awaited()
            if ended is None:
                raise
            raise InputError(ended) from error
        finally:
            finished.set()

    def _awaited(self) -> str | None:
        """As `ended`; a connection closes a little before the exit code of its process is known."""
        until = time.monotonic() + GRACE_S
        while (ended := self.ended()) is None and time.monotonic() < until:
            time.sleep(INTERVAL_S / 10)
        return ended

    def ended(self) -> str | None:
        """A sentence if a process has ended that this one started, or the one that started this one."""
        rank = self.cluster_environment.global_rank()
        for number, process in enumerate(self.procs, start=1):
            if code := process.poll():
                how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
                return (
                    f"The training process of rank {rank + number} {how}, so all end; go on from the last "
                    "checkpoint with ckpt=last."
                )
        if self.cluster_environment.local_rank() > 0 and _is_orphan():
            return f"The process that started that of rank {rank} has ended, so it ends too."
        return None

    def _watch(self, finished: threading.Event) -> None:
        """End this process if it hangs in an exchange with one that has ended."""
        while not finished.wait(INTERVAL_S):
            ended = self.ended()
            if ended is not None and not finished.wait(GRACE_S):
                print(f"rackfocus train: {ended}", file=sys.stderr, flush=True)
                self.kill(signal.SIGKILL)
                os._exit(2)


def _is_orphan() -> bool:
    starter = os.environ.get(STARTED_BY)
    return starter is not None and starter != str(os.getppid())


def end_together(trainer: pl.Trainer) -> None:
    """Let all processes end when one does, if it is this trainer that starts them."""
    launcher = trainer.strategy.launcher
    if isinstance(launcher, _SubprocessScriptLauncher):
        trainer.strategy._launcher = WatchedLauncher(
            launcher.cluster_environment, launcher.num_processes, launcher.num_nodes
        )
