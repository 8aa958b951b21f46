"""Which configuration a command line means."""

import pytest

from rackfocus.cli.configs.files import config_folder, config_names, named_config, spoken_name
from rackfocus.types import InputError


@pytest.mark.parametrize(
    ("command", "arguments", "config", "rest"),
    [
        ("refocus", ["a.mp4", "b.mp4"], "refocus", ["a.mp4", "b.mp4"]),
        ("make-clip", [], "make_clip", []),
        ("benchmark", ["af_net", "a.mp4"], "benchmark/af_net", ["a.mp4"]),
        ("evaluate", [], "evaluate/images", []),
        ("evaluate", ["suite=real"], "evaluate/images", ["suite=real"]),
        ("evaluate", ["-m", "table=gaze,entries"], "evaluate/autofocus", ["-m", "table=gaze,entries"]),
        ("evaluate", ["autofocus", "--help"], "evaluate/autofocus", ["--help"]),
        ("prepare", ["--skip-broken"], "prepare/captures", ["--skip-broken"]),
        ("prepare", ["cut-outs", "folder=a"], "prepare/cut_outs", ["folder=a"]),
    ],
)
def test_a_command_line(command, arguments, config, rest):
    assert named_config(command, arguments) == (config, rest)
    assert (config_folder() / f"{config}.yaml").is_file()


@pytest.mark.parametrize(
    ("command", "arguments", "says"),
    [
        ("benchmark", [], "Say what `rackfocus benchmark` is to do; choose one of af_net, annotate"),
        ("benchmark", ["cores=1"], "Say what"),
        ("benchmark", ["gpu"], "There is no `rackfocus benchmark gpu`; choose one of af_net"),
        ("prepare", ["cutouts"], "There is no `rackfocus prepare cutouts`; did you mean 'cut_outs'"),
    ],
)
def test_what_there_is_not(command, arguments, says):
    with pytest.raises(InputError, match=says):
        named_config(command, arguments)


def test_names():
    assert config_names("make-clip") == ["make_clip"]
    assert config_names("prepare") == [
        "prepare/captures",
        "prepare/cut_outs",
        "prepare/shards",
        "prepare/teacher",
        "prepare/views",
    ]
    assert [spoken_name(name) for name in ("make_clip", "prepare/cut_outs")] == [
        "make-clip",
        "prepare cut_outs",
    ]
