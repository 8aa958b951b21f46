"""Jobs of a sweep that fail: the others run to their end, and the sweep ends with what they left."""

import sys
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

ERROR_FILE = "error.txt"
"""In the folder of a job that failed: the sentence of a user's mistake, or the traceback of a bug."""
_BUG = "Traceback"


def record_failure(folder: Path, error: str) -> None:
    """Note in the folder of a job why it failed; the jobs of a sweep may be processes of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ERROR_FILE).write_text(error.rstrip() + "\n", encoding="utf-8")


def read_failure(folder: Path) -> str | None:
    """Why the job in this folder failed; `None`: it did not."""
    path = folder / ERROR_FILE
    return path.read_text(encoding="utf-8").rstrip() if path.is_file() else None


class FailedJobs(Callback):
    """Ends a sweep in which a job failed with exit code 2, or 1 if that was a bug.

    It stands before other callbacks: Hydra calls the first one last, so they have done their work by then.
    """

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Forget the failures of an earlier attempt, which goes on."""
        for path in _error_files(config):
            path.unlink()

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        """Tell which jobs failed.

        Raises:
            SystemExit: any did. Hydra would turn another exception into a warning.
        """
        errors = {path.parent: path.read_text(encoding="utf-8") for path in _error_files(config)}
        if errors:
            folders = ", ".join(str(folder) for folder in errors)
            print(f"\nJobs that failed, each with its {ERROR_FILE}: {folders}", file=sys.stderr)
            sys.exit(1 if any(error.startswith(_BUG) for error in errors.values()) else 2)


def _error_files(config: DictConfig) -> list[Path]:
    return sorted(Path(config.hydra.sweep.dir).glob(f"*/{ERROR_FILE}"))
