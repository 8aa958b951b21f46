"""Arguments of the command line as overrides for Hydra: names of files by position, settings by key."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import OmegaConf

from rackfocus.cli.configs.files import config_folder
from rackfocus.types import InputError

OPTIONS_WITH_VALUE = {"--cfg", "-c", "--package", "-p", "--info", "-i", "--config-path", "-cp"}
OPTIONS_WITH_VALUE |= {"--config-name", "-cn", "--config-dir", "-cd", "--experimental-rerun"}
"""Hydra's own."""

_KEY = re.compile(r"(?:\+\+?|~)?(\w+)(?:[./@:][\w./@:-]*)?")
_SUFFIX = re.compile(r"\.[A-Za-z]\w*$")
_GRAMMAR = set("=,${}()[]#~'\"\\ \t")


def overrides(
    arguments: Sequence[str],
    positional: Sequence[str],
    options: Sequence[str] = (),
    settings: frozenset[str] = frozenset(),
) -> list[str]:
    """Hydra overrides from arguments.

    An argument is a setting if its key is one, and the name of a file if there is such a file, or if it
    looks like one and a name is still missing; after `--` all are names. Names are taken as they are,
    whatever Hydra would read in them.

    Args:
        arguments: the command line after the sub-command.
        positional: the keys to which names are assigned, in order.
        options: the keys that may also be written as `--key value` or `--key=value`.
        settings: the first words of known keys.

    Raises:
        InputError: there are more names than keys, or an option has no value.
    """
    return list(_overrides(iter(arguments), list(positional), options, settings))


def known_settings(config: str) -> frozenset[str]:
    """The first words of the keys that a configuration may have: its own, and the groups of all."""
    groups = (path.name for path in config_folder().iterdir() if path.is_dir())
    return own_settings(config) | frozenset(groups)


def own_settings(config: str) -> frozenset[str]:
    """The first words of the keys in the file of a configuration."""
    return frozenset(map(str, OmegaConf.load(config_folder() / f"{config}.yaml")))


def key_of(argument: str) -> str:
    """The first word of the key of a setting, such as `lens` of `lens.f_number=2`; empty for all else."""
    key, has_value, _ = argument.partition("=")
    found = _KEY.fullmatch(key)
    is_setting = (has_value or argument.startswith("~")) and not _exists(argument)
    return found[1] if found is not None and is_setting else ""


def options_first(arguments: Sequence[str]) -> list[str]:
    """The same with Hydra's options, such as `-m` and `--config-dir DIR`, before the settings.

    Hydra finds no setting behind an option that stands between settings.
    """
    options: list[str] = []
    settings: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        (options if argument.startswith("-") else settings).append(argument)
        if argument in OPTIONS_WITH_VALUE:
            options += [value for value in [next(rest, None)] if value is not None]
    return [*options, *settings]


def quoted(text: str) -> str:
    """A text that neither Hydra's grammar nor OmegaConf's interpolation reads anything into."""
    text = re.sub(r"(\\*)\$\{", lambda found: 2 * found[1] + r"\${", text)
    text = re.sub(r"(\\*)'", lambda found: 2 * found[1] + r"\'", text)
    text = re.sub(r"(\\+)$", lambda found: 2 * found[1], text)
    return f"'{text}'"


def _overrides(
    rest: Iterator[str], names: list[str], options: Sequence[str], settings: frozenset[str]
) -> Iterator[str]:
    takes_names, of_option, only_names = list(names), False, False
    for argument in rest:
        if takes_names and argument == "--" and not only_names:
            only_names = True
            continue
        name, has_value, value = argument.removeprefix("--").partition("=")
        if argument.startswith("--") and name in options and not only_names:
            given = value if has_value else next(rest, None)
            if given is None:
                raise InputError(f"--{name} needs a value after it.")
            yield f"{name}={quoted(given)}"
        elif of_option:
            yield argument
        elif not takes_names or (not only_names and _is_setting(argument, settings, missing=bool(names))):
            yield argument if argument.startswith("-") else _readable(argument)
        elif names:
            yield f"{names.pop(0)}={quoted(argument)}"
        else:
            raise InputError(
                f"{argument!r} is one argument too many; the command takes {' '.join(takes_names)} "
                "and key=value settings."
            )
        of_option = argument in OPTIONS_WITH_VALUE


def _exists(name: str) -> bool:
    """Whether there is a file of this name, which may be too long for one."""
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        return False


def _is_setting(argument: str, settings: frozenset[str], *, missing: bool) -> bool:
    """Whether an argument is a setting or an option of Hydra, and not the name of a file."""
    suffix, exists = _SUFFIX.search(argument), _exists(argument)
    if argument.startswith("-"):
        return not (suffix and (exists or (missing and not argument.startswith("--"))))
    key, has_value, _ = argument.partition("=")
    found = _KEY.fullmatch(key)
    is_known = found is not None and found[1] in settings
    if not has_value:
        return is_known and not exists and argument.startswith("~")
    return not exists and found is not None and (is_known or not (missing and suffix))


def _readable(setting: str) -> str:
    """A setting, its value quoted if it is the name of a file, or if Hydra could not read it otherwise."""
    key, _, value = setting.partition("=")
    if _GRAMMAR.isdisjoint(value):
        return setting
    if not _exists(value):
        try:
            OverridesParser.create().parse_override(setting)
        except HydraException:
            pass
        else:
            return setting
    return f"{key}={quoted(value)}"
