"""The folders of runs: a new one for each, and none of an earlier training is written to by another run."""

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from omegaconf import OmegaConf

from rackfocus.types import InputError

TRACES = ("checkpoints", "metrics")
"""The folders that a training makes; one of them tells that there is a training."""


def new_folder(path: str) -> str:
    """Make a folder, and return its path; if there is one already, that of `<path>_2`, `<path>_3` and so on.

    Runs that start in the same second get different ones, since only one of them can make a folder.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    names = (path if number == 1 else f"{path}_{number}" for number in count(1))
    return next(name for name in names if _is_made(Path(name)))


def register_new_folder() -> None:
    """Let configurations say `${new_folder:path}`; in one configuration, a path means one folder."""
    OmegaConf.register_new_resolver("new_folder", new_folder, use_cache=True, replace=True)


def require_untrained(arguments: Sequence[str]) -> None:
    """Check that the folder of a run, if the command line names one, holds no training.

    With `ckpt=last` a training goes on in its folder, and processes of a run share it.

    Raises:
        InputError: there is one, whose settings, checkpoints or results would be replaced.
    """
    if "ckpt=last" in arguments or "LOCAL_RANK" in os.environ:
        return
    for argument in arguments:
        key, _, value = argument.partition("=")
        if key in ("hydra.run.dir", "hydra.sweep.dir"):
            folder = Path(value.strip("'\""))
            _require_untrained(folder, jobs=key == "hydra.sweep.dir")


def _require_untrained(folder: Path, *, jobs: bool) -> None:
    for trace in TRACES:
        if found := next(folder.glob(f"*/{trace}" if jobs else trace), None):
            raise InputError(
                f"{found.parent} holds a training already; go on with it (ckpt=last), or name another folder."
            )


def _is_made(folder: Path) -> bool:
    """Make a folder; whether there was none before."""
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True
