"""Resumes an interrupted training: `ckpt=last`."""

import re
from collections.abc import Sequence
from pathlib import Path

from omegaconf import OmegaConf

from rackfocus.cli.configs.own_configs import recorded_config_folders
from rackfocus.types import InputError

LAST = Path("checkpoints") / "last.ckpt"
RUNS = Path("runs/train")
RENAMED = {"schedule=": "scheduler=", "experiment=afnet": "experiment=af_net"}
"""Renamed settings: how their overrides begin in older trainings, and how they begin now."""


def resumed_arguments(arguments: Sequence[str]) -> list[str]:
    """The command line; for `ckpt=last`, with the settings and the folder of the training to resume added.

    That is the newest training below `runs/train`, or the one in the folder `hydra.run.dir`. The folders of
    configurations that it was begun with (`--config-dir`, `hydra.searchpath`) are added, too. Other arguments
    of the command line override its settings. Each job of a sweep (`-m`) resumes in its own folder.

    Raises:
        InputError: there is no training to resume.
    """
    if "ckpt=last" not in arguments or {"-m", "--multirun"} & set(arguments):
        return list(arguments)
    named = [argument.partition("=")[2] for argument in arguments if argument.startswith("hydra.run.dir=")]
    folder = Path(named[-1].strip("'\"")) if named else _newest_run()
    overrides = folder / ".hydra" / "overrides.yaml"
    earlier = [_renamed(str(setting)) for setting in OmegaConf.load(overrides)] if overrides.is_file() else []
    given = {_key(argument) for argument in arguments}
    settings = [setting for setting in earlier if _key(setting) not in given]
    own = recorded_config_folders(folder, arguments)
    return [*own, *settings, *arguments, *([] if named else [f"hydra.run.dir='{folder}'"])]


def checkpoint_to_resume(ckpt: str | None, folder: Path) -> Path | None:
    """The checkpoint given by the setting `ckpt`, for a training in this folder; `None`: a new training.

    Raises:
        InputError: there is no such file.
    """
    if ckpt is None:
        return None
    if ckpt == "last":
        last = folder / LAST
        if not last.is_file():
            print(f"There is no {last} yet: training from the beginning.")
        return last if last.is_file() else None
    if not Path(ckpt).is_file():
        raise InputError(f"There is no checkpoint {ckpt} to go on from.")
    return Path(ckpt)


def _newest_run() -> Path:
    last = [*RUNS.glob(f"*/{LAST}"), *RUNS.glob(f"*/*/{LAST}")]
    if not last:
        raise InputError(
            f"There is no {RUNS}/*/{LAST} to go on from; give a path as ckpt=..., or leave it out."
        )
    return max(last, key=lambda path: path.stat().st_mtime).parents[1]


def _renamed(setting: str) -> str:
    for before, now in RENAMED.items():
        if setting.startswith(before):
            return now + setting.removeprefix(before)
    return setting


def _key(setting: str) -> str:
    return re.split("[=@]", setting.lstrip("+~"))[0]
