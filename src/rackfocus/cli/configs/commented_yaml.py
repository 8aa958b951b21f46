"""The keys of a configuration file with the comments that stand above them, which YAML readers leave out."""

import re
from dataclasses import dataclass
from pathlib import Path

_KEY = re.compile(r"(?P<key>[^\s:#]+):(?:\s+(?P<value>.*))?$")
_ASIDE = re.compile(r"(?:^|\s+)#\s+(?P<aside>.*)$")


@dataclass(frozen=True)
class Setting:
    """A key of a file.

    Attributes:
        key: with the keys that it lies in, as in `lens.shape`.
        value: as the file has it; None where keys lie in this one.
        comment: the lines above it and behind it, joined.
    """

    key: str
    value: str | None
    comment: str


@dataclass(frozen=True)
class Default:
    """An entry of the defaults list.

    Attributes:
        group: the config group, without a leading slash; empty where the entry names a config alone.
        package: where its settings go; empty: where the group's name says.
        option: what is chosen, as the file has it.
        is_absolute: whether the group is named from the top of `conf`, not from the file's own group.
        is_override: whether it changes the choice of an entry of another file.
        comment: the lines above it, joined.
    """

    group: str
    package: str
    option: str
    is_absolute: bool
    is_override: bool
    comment: str


@dataclass(frozen=True)
class CommentedYaml:
    """A configuration file.

    Attributes:
        header: the comment that it begins with, line by line.
        is_global: whether its settings go to the top of the configuration (`@package _global_`).
        defaults: its defaults list.
        settings: its keys in their order, those of lists left out.
    """

    header: tuple[str, ...]
    is_global: bool
    defaults: tuple[Default, ...]
    settings: tuple[Setting, ...]


def read_commented(path: Path) -> CommentedYaml:
    """Read a file of `conf`: mappings and lists in block style, without texts of several lines."""
    lines = path.read_text(encoding="utf-8").splitlines()
    is_global = bool(lines) and lines[0] == "# @package _global_"
    lines = lines[is_global:]
    begin = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    header = tuple(line.removeprefix("#").removeprefix(" ") for line in lines[:begin])

    defaults: list[Default] = []
    settings: list[Setting] = []
    above: list[str] = []
    around: list[tuple[int, str]] = []  # the keys that a line lies in, with their indentation
    list_begins: int | None = None
    for line in lines[begin:]:
        text = line.strip()
        indentation = len(line) - len(line.lstrip())
        if not text:
            above = []
            continue
        if text.startswith("#"):
            above.append(text.removeprefix("#").strip())
            continue
        if (aside := _ASIDE.search(text)) is not None:
            above.append(aside["aside"])
            text = text[: aside.start()]
        if list_begins is not None and indentation > list_begins:
            continue
        list_begins = None
        while around and around[-1][0] >= indentation:
            around.pop()
        if text.startswith("- "):
            if [key for _, key in around] == ["defaults"]:
                defaults.append(_default(text.removeprefix("- "), " ".join(above)))
            list_begins = indentation
        elif (found := _KEY.match(text)) is not None:
            around.append((indentation, found["key"]))
            if around[0][1] != "defaults":
                key = ".".join(name for _, name in around)
                settings.append(Setting(key, found["value"], " ".join(above)))
        above = []
    return CommentedYaml(header, is_global, tuple(defaults), tuple(settings))


def _default(text: str, comment: str) -> Default:
    """An entry such as `override /lens@lenses.disk: disk`, `scene_specific` or `_self_`."""
    is_override = text.startswith("override ")
    name, _, option = text.removeprefix("override ").partition(": ")
    if not option:
        name, option = "", name
    group, _, package = name.partition("@")
    is_absolute = name.startswith("/") or (not name and option.startswith("/"))
    return Default(
        group.removeprefix("/"), package, option.removeprefix("/").strip(), is_absolute, is_override, comment
    )
