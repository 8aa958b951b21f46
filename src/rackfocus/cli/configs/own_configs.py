"""Configurations of the user's own, by `--config-dir` or `hydra.searchpath`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError  # type: ignore[import-untyped]

BY_OPTION = "command-line"
BY_SETTING = "hydra.searchpath in command-line"
"""How Hydra records that a folder of configurations was named by `--config-dir`, or by `hydra.searchpath`."""


def names_own_configs(arguments: Sequence[str]) -> bool:
    """Whether a command line names folders of configurations."""
    begins = ("--config-dir", "-cd", "hydra.searchpath=")
    return any(argument.startswith(begins) for argument in arguments)


def recorded_config_folders(run: Path, arguments: Sequence[str]) -> list[str]:
    """The arguments that name the folders of configurations with which a training was begun, to resume it.

    Those that the command line names itself come in their place. A run's folder may come from others, and
    configurations name the code that is run: folders within it, or that are not there, do not count.

    Args:
        run: the folder of the training.
        arguments: the command line.
    """
    if names_own_configs(arguments):
        return []
    recorded = run / ".hydra" / "hydra.yaml"
    try:
        about: Any = OmegaConf.to_container(OmegaConf.load(recorded), resolve=False)
        sources = [
            (str(each["provider"]), Path(each["path"]))
            for each in about["hydra"]["runtime"]["config_sources"]
        ]
    except (OSError, UnicodeDecodeError, YAMLError, OmegaConfBaseException, KeyError, TypeError):
        return []
    trusted = [
        (provider, path)
        for provider, path in sources
        if path.is_absolute() and path.is_dir() and not path.resolve().is_relative_to(run.resolve())
    ]
    options = [f"--config-dir={path}" for provider, path in trusted if provider == BY_OPTION]
    searched = ",".join(f"'file://{path}'" for provider, path in trusted if provider == BY_SETTING)
    settings = [f"hydra.searchpath=[{searched}]"] if searched else []
    return [*options, *settings]
