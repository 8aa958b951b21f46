"""Comments are found where they stand, and every key that a YAML reader finds, too."""

import pytest
from omegaconf import OmegaConf

from rackfocus.cli.configs.commented_yaml import Default, Setting, read_commented
from rackfocus.cli.configs.files import config_folder

FILES = sorted(config_folder().rglob("*.yaml"))

TEXT = """\
# @package _global_
# What it is.
#
#   indented
defaults:
  # Of a group.
  # Over two lines.
  - /lens@lenses.disk: disk
  - override /loss: pixels
  - depth: null
  - /train
  - _self_

# Above.
one: 1
two: "a: b"   # behind

# Apart from the key below.

three:
  # Within.
  four: [1, 2]
  list:
    - five: 5
      six: 6
  seven: null
"""


def test_keys_and_comments(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(TEXT)
    file = read_commented(path)
    assert file.is_global
    assert file.header == ("What it is.", "", "  indented")
    assert file.defaults == (
        Default("lens", "lenses.disk", "disk", True, False, "Of a group. Over two lines."),
        Default("loss", "", "pixels", True, True, ""),
        Default("depth", "", "null", False, False, ""),
        Default("", "", "train", True, False, ""),
        Default("", "", "_self_", False, False, ""),
    )
    assert file.settings == (
        Setting("one", "1", "Above."),
        Setting("two", '"a: b"', "behind"),
        Setting("three", None, ""),
        Setting("three.four", "[1, 2]", "Within."),
        Setting("three.list", None, ""),
        Setting("three.seven", "null", ""),
    )


def keys(node, prefix=""):
    """The keys of a mapping in their order, and of those in it."""
    for key, value in node.items():
        yield f"{prefix}{key}"
        if isinstance(value, dict):
            yield from keys(value, f"{prefix}{key}.")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(config_folder())))
def test_the_keys_are_those_that_hydra_reads(path):
    read = dict(OmegaConf.to_container(OmegaConf.load(path), resolve=False))
    listed = read.pop("defaults", [])
    file = read_commented(path)
    aliases = tuple(f"{each.key}." for each in file.settings if (each.value or "").startswith("*"))
    expected = [key for key in keys(read) if not (aliases and key.startswith(aliases))]
    assert [setting.key for setting in file.settings] == expected
    assert [each.option for each in file.defaults] == [
        option(each if isinstance(each, str) else next(iter(each.values()))) for each in listed
    ]


def option(chosen):
    """What a list of defaults chooses, as it is written."""
    written = f"[{', '.join(chosen)}]" if isinstance(chosen, list) else str(chosen)
    return written.removeprefix("/").replace("None", "null")
