"""Names of files reach the commands as they are; settings reach Hydra."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from rackfocus.cli.configs.arguments import known_settings, options_first, overrides, quoted
from rackfocus.cli.configs.files import config_folder
from rackfocus.types import InputError

SETTINGS = frozenset({"scale", "focus", "lens", "model", "source", "target"})


def given(*arguments: str) -> list[str]:
    return overrides(arguments, ("source", "target"), ("out",), SETTINGS)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


NAMES = [
    "a=b.mp4",
    "it's (1), ü.mp4",
    "a${b}.mp4",
    r"a\b.mp4",
    r"a\\b.mp4",
    r"a\'b.mp4",
    "tail\\",
    "#x",
    "$x",
]
NAMES += [r"x\${y}.mp4", "${", "a}b{,c.mp4", "a b\tc", "'q'", '"d"', "~x", "/tmp/a=b.mp4", "./k=v", "-x.mp4"]


def test_every_name_arrives_as_it_is() -> None:
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        for name in NAMES:
            assert compose("refocus", overrides=[f"source={quoted(name)}"]).source == name


@pytest.mark.parametrize("name", ["-clip.mp4", "a=b.mp4", "scale=1.mp4", "${x}.mp4", "~lens.mp4"])
def test_a_file_that_exists_is_a_name(name: str) -> None:
    Path(name).touch()
    assert given(name, "scale=1") == [f"source={quoted(name)}", "scale=1"]


@pytest.mark.parametrize("name", ["-out.mp4", "a=b.mp4", "/tmp/x=y.mp4", "./a=b", "d/e=f.mov", "a b=c.mp4"])
def test_a_missing_name_that_looks_like_one(name: str) -> None:
    assert given("in.mp4", "lens=disk", name) == ["source='in.mp4'", "lens=disk", f"target={quoted(name)}"]


@pytest.mark.parametrize(
    "setting", ["focus.x=1", "lens.shape.blades=6", "model/depth=x", "+lens@a.b=disk", "~lens", "focs.x=1"]
)
def test_a_setting_is_no_name(setting: str) -> None:
    assert given(setting, "in.mp4", "-m", "--cfg", "job") == [
        setting,
        "source='in.mp4'",
        "-m",
        "--cfg",
        "job",
    ]


def test_after_two_dashes_all_are_names() -> None:
    assert given("scale=1", "--", "-m", "lens=disk") == ["scale=1", "source='-m'", "target='lens=disk'"]
    with pytest.raises(InputError, match="'c' is one argument too many"):
        given("--", "a", "b", "c")


def test_an_unusual_value_of_a_setting_is_quoted() -> None:
    assert given("focus.track=my=track.json") == ["focus.track='my=track.json'"]
    assert given("focus.track=~/a(1)#.json") == ["focus.track='~/a(1)#.json'"]
    assert given("scale=0.5,1", "focus.x=${focus.y}") == ["scale=0.5,1", "focus.x=${focus.y}"]
    Path("a,${b}.json").touch()
    assert given("focus.track=a,${b}.json") == [r"focus.track='a,\${b}.json'"]
    assert given("--out", "a=${b}") == [r"out='a=\${b}'"]


def test_commands_without_names_quote_values_too() -> None:
    assert overrides(["check", "data.root=/a=b", "-m"], ()) == ["check", "data.root='/a=b'", "-m"]


def test_the_settings_of_a_command_are_known() -> None:
    assert {"source", "focus", "scale", "lens", "stabilizer", "hydra"} <= known_settings("refocus")
    assert "focus" not in known_settings("make_clip")


def test_options_of_hydra_come_first_with_their_values() -> None:
    arguments = ["a=1", "-m", "b=2", "--config-dir", "mine", "c=3", "--config-dir=mine", "~d", "-cd"]
    assert options_first(arguments) == [
        "-m", "--config-dir", "mine", "--config-dir=mine", "-cd", "a=1", "b=2", "c=3", "~d",
    ]  # fmt: skip
