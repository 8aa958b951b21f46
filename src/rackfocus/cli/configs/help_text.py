"""Makes the text of `--help` from the comments in a command's configuration and its groups' options."""

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rackfocus.cli.configs.commented_yaml import CommentedYaml, Setting, read_commented
from rackfocus.cli.configs.files import config_folder, config_names, spoken_name

WIDTH = 110
COLUMN = 30
"""The column in which comments begin."""
DEEPEST = 2
"""The most names in the key of a listed setting, such as `lens.shape`; deeper keys are left out."""

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
    groups = _groups(folder, file, overrides)
    parts = ["\n".join(file.header)]
    if settings := [each for each in _listed(file.settings) if each.key not in groups]:
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


@dataclass
class _Group:
    """A config group that a command has.

    Attributes:
        name: of its folder in `conf`.
        comment: above its first entry in the defaults list.
        choices: the chosen options, by the package of their settings.
        is_composed: whether the chosen option has groups itself, which are listed instead of other options.
    """

    name: str
    comment: str
    choices: dict[str, str]
    is_composed: bool = False

    def package(self, option: str) -> str:
        """The package of an option's settings."""
        first = next(iter(self.choices))
        return first if len(self.choices) == 1 else f"{first.rpartition('.')[0]}.{option}"


def _groups(
    folder: Path, file: CommentedYaml, overrides: Mapping[str, str], parent: str = ""
) -> dict[str, _Group]:
    """The groups of a file's defaults list by name; each is followed by the groups of its chosen option."""
    found: dict[str, _Group] = {}
    for each in file.defaults:
        if not each.group or each.is_override or each.group == "hydra" or (parent and each.is_absolute):
            continue
        name = f"{parent}/{each.group}" if parent else each.group
        option = overrides.get(f"{name}@{each.package}" if each.package else name, each.option)
        group = found.setdefault(name, _Group(name, each.comment, {}))
        group.choices[each.package or name.replace("/", ".")] = option
        path = folder / name / f"{option}.yaml"
        if path.is_file():
            nested = _groups(folder, read_commented(path), overrides, name)
            group.is_composed |= bool(nested)
            found |= nested
    return found


def _group_text(folder: Path, group: _Group) -> str:
    """The help of a group: its options, and the settings of the chosen one."""
    chosen = list(group.choices.values())
    is_list = len(chosen) > 1
    heading = f"{group.name}@{group.package('NAME')}" if is_list else f"{group.name}={chosen[0]}"
    lines = [_line(heading, group.comment)]
    common = {key for option in chosen for key in _settings(folder, group.name, option)}
    for path in sorted((folder / group.name).glob("*.yaml")):
        option = path.stem
        if group.is_composed and option not in chosen:
            continue
        package = group.package(option)
        if not group.is_composed:
            lines.append(_line(f"  {option}", " ".join(read_commented(path).header)))
        if option in chosen and not is_list:
            for each in _settings(folder, group.name, option).values():
                lines.append(_line(f"    {package}.{_assigned(each)}", each.comment))
        else:
            own = _own_settings(read_commented(path))
            told = [f"{package}.{_assigned(each)}" for each in own if is_list or each.key not in common]
            lines += [_line("", ", ".join(told))] if told else []
    return "\n".join(lines)


def _settings(folder: Path, group: str, option: str) -> dict[str, Setting]:
    """The settings of an option by their keys, inherited ones first."""
    path = folder / group / f"{option}.yaml"
    if not path.is_file():
        return {}
    file = read_commented(path)
    found: dict[str, Setting] = {}
    for each in file.defaults:
        if not each.group and each.option != "_self_":
            found |= _settings(folder, group, each.option)
    for setting in _own_settings(file):
        comment = setting.comment or (found[setting.key].comment if setting.key in found else "")
        found[setting.key] = Setting(setting.key, setting.value, comment)
    return found


def _own_settings(file: CommentedYaml) -> list[Setting]:
    """The settings in the file of an option; empty for an experiment, whose settings are of other groups."""
    if file.is_global:
        return []
    groups = {each.group for each in file.defaults}
    return [each for each in _listed(file.settings, is_choice=True) if each.key not in groups]


def _listed(settings: Iterable[Setting], *, is_choice: bool = False) -> list[Setting]:
    """The settings for users: without those of Hydra, deeply nested ones, and, in an option, nested ones."""
    return [
        each
        for each in settings
        if not any(name.startswith("_") for name in each.key.split("."))
        and each.key.count(".") < DEEPEST
        and each.key.partition(".")[0] != "hydra"
        and not (is_choice and (each.value is None or each.value.startswith(("${", "{"))))
        and (each.value is not None or each.comment)
    ]


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
