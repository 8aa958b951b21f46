"""Makes the text of `--help` from the comments in a command's configuration and its groups' options."""

import re
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from rackfocus.cli.configs.choices import Group, groups_of, listed, option_settings, own_settings
from rackfocus.cli.configs.commented_yaml import Setting, read_commented
from rackfocus.cli.configs.files import config_folder, config_names, spoken_name

WIDTH = 110
COLUMN = 30
"""The column in which comments begin."""

FOOTER = """\
group=choice chooses; with it, --help lists the settings of that choice. --cfg job prints all settings,
-m sweeps over comma-separated values, --hydra-help tells of Hydra's own options."""


def help_text(config: str, arguments: Sequence[str] = ()) -> str:
    """The help of a configuration such as `refocus` or `benchmark/loading`.

    Args:
        config: the configuration, as a path in `conf`.
        arguments: the command line; the settings of the group options that it chooses are listed.
    """
    folder = config_folder()
    file = read_commented(folder / f"{config}.yaml")
    overrides = dict(argument.split("=", 1) for argument in arguments if "=" in argument)
    groups = groups_of(folder, file, overrides)
    parts = ["\n".join(file.header)]
    if settings := [each for each in listed(file.settings) if each.key not in groups]:
        told = [_line(_assigned(each), each.comment) for each in settings]
        parts.append("\n".join(["Settings, with their defaults (null: none; ???: to be given):", *told]))
    if included := [each.option for each in file.defaults if not each.group and each.option != "_self_"]:
        parts.append(f"And the settings and groups of `rackfocus {spoken_name(included[0])} --help`.")
    if groups:
        told = [_group_text(folder, each) for each in groups.values()]
        parts.append("\n".join(["Groups, with what is chosen and what can be:", *told]))
    if others := [name for name in config_names(config.partition("/")[0]) if name != config]:
        parts.append("\n".join(["See also, each with its own --help:", *_summaries(folder, others)]))
    return "\n\n".join([*parts, FOOTER])


def overview(command: str) -> str:
    """The configurations of a command that has several, one line each."""
    told = _summaries(config_folder(), config_names(command))
    return "\n".join([f"rackfocus {command} WHAT [key=value ...], each with its own --help:", "", *told])


def _summaries(folder: Path, configs: Iterable[str]) -> list[str]:
    """The beginning of each configuration's description: the header's second paragraph, after the usage."""
    told = []
    for name in configs:
        description = "\n".join(read_commented(folder / f"{name}.yaml").header).split("\n\n")[1]
        told.append(_line(spoken_name(name), re.split("[.:;] ", " ".join(description.split()))[0]))
    return told


def _group_text(folder: Path, group: Group) -> str:
    """The help of a group: its options, and the settings of the chosen one."""
    chosen = list(group.choices.values())
    is_list = len(chosen) > 1
    heading = f"{group.name}@{group.package('NAME')}" if is_list else f"{group.name}={chosen[0]}"
    lines = [_line(heading, group.comment)]
    common = {key for option in chosen for key in option_settings(folder, group.name, option)}
    for path in sorted((folder / group.name).glob("*.yaml")):
        option = path.stem
        if group.is_composed and option not in chosen:
            continue
        package = group.package(option)
        if not group.is_composed:
            lines.append(_line(f"  {option}", " ".join(read_commented(path).header)))
        if option in chosen and not is_list:
            for each in option_settings(folder, group.name, option).values():
                lines.append(_line(f"    {package}.{_assigned(each)}", each.comment))
        else:
            own = own_settings(read_commented(path))
            told = [f"{package}.{_assigned(each)}" for each in own if is_list or each.key not in common]
            lines += [_line("", ", ".join(told))] if told else []
    return "\n".join(lines)


def _assigned(setting: Setting) -> str:
    """`key=value` as typed on the command line."""
    if setting.value is None:
        return setting.key
    return f"{setting.key}={setting.value.strip(chr(34)).replace(', ', ',')}"


def _line(name: str, comment: str) -> str:
    """A name with its comment beside it, or below it if the name is long."""
    indent = " " * COLUMN
    first = f"  {name}"
    told = textwrap.fill(
        " ".join(comment.split()),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )
    if len(first) + 2 <= COLUMN and told:
        return first + told[len(first) :]
    return f"{first}\n{told}" if told else first
