"""Help shows every key of a configuration with its comment, and the choices of every group."""

import re
import subprocess
import sys

import pytest

from rackfocus.cli import COMMANDS
from rackfocus.cli.configs.choices import DEEPEST
from rackfocus.cli.configs.commented_yaml import read_commented
from rackfocus.cli.configs.files import config_folder, config_names, spoken_name
from rackfocus.cli.configs.help_text import help_text, overview

CONFIGS = [config for command in COMMANDS for config in config_names(command)]


def words(text):
    return " ".join(text.split())


@pytest.mark.parametrize("config", CONFIGS)
def test_every_key_has_a_comment_and_help_shows_both(config):
    file = read_commented(config_folder() / f"{config}.yaml")
    told = words(help_text(config))
    groups = {each.group for each in file.defaults}
    explained = {setting.key for setting in file.settings if setting.comment}
    for setting in file.settings:
        names = setting.key.split(".")
        if names[0] == "hydra" or any(name.startswith("_") for name in names) or setting.key in groups:
            continue
        # A part is explained with the whole.
        assert any(".".join(names[:count]) in explained for count in range(1, len(names) + 1)), setting.key
        if setting.comment and len(names) <= DEEPEST:
            assert f"{setting.key}{'=' if setting.value else ' '}" in told
            assert words(setting.comment) in told


@pytest.mark.parametrize("config", CONFIGS)
def test_help_begins_with_the_usage_and_lists_the_choices_of_every_group(config):
    file = read_commented(config_folder() / f"{config}.yaml")
    told = help_text(config)
    assert told.startswith(f"rackfocus {spoken_name(config).split()[0]}")
    assert "\nExample" in told
    commented = set()
    for each in file.defaults:
        if not each.group or each.is_override or each.group == "hydra":
            continue
        assert each.comment or each.group in commented, each.group
        commented.add(each.group)
        assert words(each.comment) in words(told)
        if each.group != "model" or each.option != "assembled":
            for path in (config_folder() / each.group).glob("*.yaml"):
                assert re.search(rf"^    {path.stem}\b", told, re.MULTILINE), path
                assert read_commented(path).header, path
        else:
            assert "  model/depth=null " in told


def test_the_settings_of_a_choice():
    assert "Of the blades" not in help_text("refocus")
    told = words(help_text("refocus", ["lens=polygon", "focus.x=3"]))
    assert "lens.shape.curvature=0.2 Of the blades' edges" in told
    assert "lens.f_number=2.0 The aperture" in told
    # Those that it inherits, with its own values.
    told = words(help_text("refocus", ["autofocus=action"]))
    assert "autofocus.clusters=4 K of K-means" in told
    assert "autofocus.sure=0.68 Who acts" in told


def test_one_of_several_names_the_others():
    assert "prepare cut_outs" in help_text("prepare/captures")
    assert [line.split("  ")[1] for line in overview("benchmark").splitlines()[2:] if line[:3].strip()] == [
        spoken_name(name) for name in config_names("benchmark")
    ]


def test_help_comes_without_torch_and_in_the_same_words():
    def asked():
        code = "import sys; from rackfocus.cli import main\n"
        code += "try: main()\nfinally: assert 'torch' not in sys.modules"
        command = [sys.executable, "-c", code, "refocus", "--help"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert asked() == asked() == help_text("refocus") + "\n"
