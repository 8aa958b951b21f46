"""Reads the keys of a configuration file with their comments, which YAML readers discard."""

import re
from dataclasses import dataclass
from pathlib import Path

_KEY = re.compile(r"(?P<key>[^\s:#]+):(?:\s+(?P<value>.*))?$")
_ASIDE = re.compile(r"(?:^|\s+)#\s+(?P<aside>.*)$")


@dataclass(frozen=True)
class Setting:
    """A setting: its key with those that contain it, as in `lens.shape`; its value as written (`None`: it
    contains other keys); and the comments above and behind it, joined.
    """

    key: str
    value: str | None
    comment: str


@dataclass(frozen=True)
class Default:
    """An entry of the defaults list.

    Attributes:
        group: the config group, without a leading slash; empty where the entry names a config alone.
        package: the package of its settings; empty: that of the group's name.
        option: the chosen option, as written in the file.
        is_absolute: whether the group is relative to `conf`, not to the file's own group.
        is_override: whether it overrides the choice of another file's entry.
        comment: the comment lines above it, joined.
    """

    group: str
    package: str
    option: str
    is_absolute: bool
    is_override: bool
    comment: str


@dataclass(frozen=True)
class CommentedYaml:
    """A configuration file: the lines of the comment at its beginning, its defaults list, its keys without
    those in lists, in order; `is_global`: its settings are at the top level (`@package _global_`).
    """

    header: tuple[str, ...]
    is_global: bool
    defaults: tuple[Default, ...]
    settings: tuple[Setting, ...]


def read_commented(path: Path) -> CommentedYaml:
    """Read a file of `conf`, which has mappings and lists in block style and no multi-line strings."""
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
    """Parse an entry such as `override /lens@lenses.disk: disk`, `scene_specific` or `_self_`."""
    is_override = text.startswith("override ")
    name, _, option = text.removeprefix("override ").partition(": ")
    if not option:
        name, option = "", name
    group, _, package = name.partition("@")
    is_absolute = name.startswith("/") or (not name and option.startswith("/"))
    return Default(
        group.removeprefix("/"), package, option.removeprefix("/").strip(), is_absolute, is_override, comment
    )
