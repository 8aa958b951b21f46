"""Finds the configuration files, and the one that a command line names."""

import difflib
from collections.abc import Sequence
from pathlib import Path

DEFAULT_SUBJECT = {"benchmark": None, "evaluate": "images", "prepare": "captures"}
"""The commands with several configurations, and their default; `None`: the command line has to name one."""


def config_folder() -> Path:
    """The folder of the configurations: inside an installed package, or at the top of a checkout.

    Raises:
        InputError: the configurations are missing.
    """
    package = Path(__file__).resolve().parents[2]
    for folder in (package / "conf", package.parents[1] / "conf"):
        if folder.is_dir():
            return folder
    # Imported here because it imports torch, which would make --help slow.
    from rackfocus.types import InputError

    raise InputError(f"The configs that belong to {package} are missing; install rackfocus anew.")


def config_names(command: str) -> list[str]:
    """The configurations of a command as paths in `conf`, such as `refocus` or `benchmark/loading`."""
    if command not in DEFAULT_SUBJECT:
        return [command.replace("-", "_")]
    return sorted(f"{command}/{path.stem}" for path in (config_folder() / command).glob("*.yaml"))


def named_config(command: str, arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The configuration that a command line names, and the remaining arguments.

    The module of the same name in `rackfocus.cli` runs it.

    Args:
        command: the first word after `rackfocus`.
        arguments: the following words. If the command has several configurations, the first argument may name
            one, as `cut_outs` does in `rackfocus prepare cut_outs`.

    Raises:
        InputError: the command has no such configuration; or it has several without a default, and none is
            named.
    """
    names = config_names(command)
    if command not in DEFAULT_SUBJECT:
        return names[0], list(arguments)
    first = arguments[0] if arguments else ""
    if first and not first.startswith("-") and "=" not in first:
        subject: str | None = first.replace("-", "_")
        arguments = arguments[1:]
    elif command == "evaluate" and any(argument.startswith("table=") for argument in arguments):
        subject = "autofocus"
    else:
        subject = DEFAULT_SUBJECT[command]
    config = f"{command}/{subject}"
    if config not in names:
        from rackfocus.types import InputError

        known = [name.partition("/")[2] for name in names]
        choice = f"choose one of {', '.join(known)}."
        if subject is None:
            raise InputError(f"Say what `rackfocus {command}` is to do; {choice}")
        near = difflib.get_close_matches(subject, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else choice
        raise InputError(f"There is no `rackfocus {command} {first}`; {hint}")
    return config, list(arguments)


def spoken_name(config: str) -> str:
    """The name of a configuration on the command line: `prepare cut_outs`, `make-clip`."""
    command, _, subject = config.partition("/")
    return f"{command.replace('_', '-')} {subject}".rstrip()
