"""Resumes an interrupted training: `ckpt=last`."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError  # type: ignore[import-untyped]

from rackfocus.cli.configs.files import config_folder
from rackfocus.cli.configs.own_configs import recorded_config_folders
from rackfocus.types import InputError

LAST = Path("checkpoints") / "last.ckpt"
OVERRIDES = Path(".hydra") / "overrides.yaml"
RUNS = Path("runs/train")
RENAMED = {"schedule=": "scheduler=", "experiment=afnet": "experiment=af_net"}
"""Renamed settings: how their overrides begin in older trainings, and how they begin now."""


def resumed_arguments(arguments: Sequence[str]) -> list[str]:
    """The command line; for `ckpt=last`, with the settings and the folder of the training to resume added.

    That is the newest training below `runs/train`, or the one in the folder `hydra.run.dir`. The folders of
    configurations that it was begun with (`--config-dir`, `hydra.searchpath`) are added, too. Other arguments
    of the command line override its settings. Each job of a sweep (`-m`) resumes in its own folder.

    Raises:
        InputError: there is no training to resume, or one of its settings could run code of others.
    """
    if "ckpt=last" not in arguments or {"-m", "--multirun"} & set(arguments):
        return list(arguments)
    named = [argument.partition("=")[2] for argument in arguments if argument.startswith("hydra.run.dir=")]
    folder = Path(named[-1].strip("'\"")) if named else _newest_run()
    given = {_key(argument) for argument in arguments}
    settings = [setting for setting in recorded_settings(folder) if _key(setting) not in given]
    for setting in settings:
        if not _only_chooses(setting):
            raise InputError(
                f"{folder / OVERRIDES} holds {setting!r}, which may run a program that is not rackfocus; if "
                "you trust it, give it on the command line, too."
            )
    own = recorded_config_folders(folder, arguments)
    return [*own, *settings, *arguments, *([] if named else [f"hydra.run.dir='{folder}'"])]


def recorded_settings(folder: Path) -> list[str]:
    """The settings that Hydra recorded in the folder of a training, as they were written: nothing in them is
    resolved.

    Raises:
        InputError: the record cannot be read.
    """
    if not (folder / OVERRIDES).is_file():
        return []
    try:
        settings: Any = OmegaConf.to_container(OmegaConf.load(folder / OVERRIDES), resolve=False)
    except (OSError, UnicodeDecodeError, YAMLError, OmegaConfBaseException, RecursionError) as error:
        raise InputError(
            f"{folder / OVERRIDES} cannot be read; give the settings, and ckpt= with a path instead of last."
        ) from error
    return [_renamed(str(setting)) for setting in settings]


def checkpoint_to_resume(ckpt: str | None, folder: Path) -> Path | None:
    """The checkpoint given by the setting `ckpt`, for a training in this folder; `None`: a new training.

    If the folder has one, it is that: a queue has begun a job anew that it had ended. Whoever names the
    folder of an earlier training is refused before (`rackfocus.cli.runs.folders`).

    Raises:
        InputError: there is no such file.
    """
    last = folder / LAST
    if last.is_file():
        return last
    if ckpt is None:
        return None
    if ckpt == "last":
        print(f"There is no {last} yet: training from the beginning.")
        return None
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


def _only_chooses(setting: str) -> bool:
    """Whether a setting gives values and chooses components of the shipped configurations, and no more.

    A folder may come from others. So what names classes to be made is not taken from it (`_target_`, also as
    what a resolver of OmegaConf returns), nor are the settings and options of Hydra itself, which a training
    does not record there, nor configurations in other folders (`model=../../../x`).
    """
    try:
        parsed = OverridesParser.create().parse_override(setting)
        values = list(_texts(parsed.value()))
    except HydraException:
        return False
    key = parsed.key_or_group
    if "_target_" in setting or re.match(r"hydra\b", key):
        return False
    if any("${" in value and ":" in value for value in values):
        return False
    chooses = (config_folder() / key).is_dir()
    return not (chooses and any(".." in PurePosixPath(value).parts for value in values))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from _texts(part)
    else:
        yield str(value)


def _key(setting: str) -> str:
    return re.split("[=@]", setting.lstrip("+~"))[0]
