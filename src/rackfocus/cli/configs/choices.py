"""Finds what a user can set in a configuration: its own settings, and its groups with their options."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rackfocus.cli.configs.commented_yaml import CommentedYaml, Setting, read_commented

DEEPEST = 2
"""The most names in the key of a listed setting, such as `lens.shape`; deeper keys are left out."""


@dataclass
class Group:
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


def groups_of(
    folder: Path, file: CommentedYaml, overrides: Mapping[str, str], parent: str = ""
) -> dict[str, Group]:
    """The groups of a file's defaults list by name; each is followed by the groups of its chosen option."""
    found: dict[str, Group] = {}
    for each in file.defaults:
        if not each.group or each.is_override or each.group == "hydra" or (parent and each.is_absolute):
            continue
        name = f"{parent}/{each.group}" if parent else each.group
        option = overrides.get(f"{name}@{each.package}" if each.package else name, each.option)
        group = found.setdefault(name, Group(name, each.comment, {}))
        group.choices[each.package or name.replace("/", ".")] = option
        path = folder / name / f"{option}.yaml"
        if path.is_file():
            nested = groups_of(folder, read_commented(path), overrides, name)
            group.is_composed |= bool(nested)
            found |= nested
    return found


def option_settings(folder: Path, group: str, option: str) -> dict[str, Setting]:
    """The settings of an option by their keys, inherited ones first."""
    path = folder / group / f"{option}.yaml"
    if not path.is_file():
        return {}
    file = read_commented(path)
    found: dict[str, Setting] = {}
    for each in file.defaults:
        if not each.group and each.option != "_self_":
            found |= option_settings(folder, group, each.option)
    for setting in own_settings(file):
        comment = setting.comment or (found[setting.key].comment if setting.key in found else "")
        found[setting.key] = Setting(setting.key, setting.value, comment)
    return found


def own_settings(file: CommentedYaml) -> list[Setting]:
    """The settings in the file of an option; empty for an experiment, whose settings are of other groups."""
    if file.is_global:
        return []
    groups = {each.group for each in file.defaults}
    return [each for each in listed(file.settings, is_choice=True) if each.key not in groups]


def listed(settings: Iterable[Setting], *, is_choice: bool = False) -> list[Setting]:
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
