"""Completion of the command line, also by a real bash."""

import os
import shutil
import subprocess
import sys

import pytest

from rackfocus.cli import COMMANDS
from rackfocus.cli.configs.completion import BASH_SCRIPT, completions


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("rackfocus ref", ["refocus "]),
        ("rackfocus  ref", ["refocus "]),
        ("rackfocus --ver", ["--version "]),
        ("rackfocus --completion ", ["bash "]),
        ("rackfocus nonesuch ", []),
        ("rackfocus refocus in.mp4 out.mp4 sca", ["scale="]),
        ("rackfocus refocus focus.d", ["focus.disparity="]),
        ("rackfocus refocus lens=an", ["lens=anamorphic "]),
        ("rackfocus refocus lens=polygon lens.shape.b", ["lens.shape.blades="]),
        ("rackfocus refocus lens.shape.b", []),
        ("rackfocus refocus model/depth=fa", ["model/depth=fastdepth "]),
        ("rackfocus train channels_last=", ["channels_last=true ", "channels_last=false "]),
        ("rackfocus demo learning_", ["learning_rate="]),
        ("rackfocus benchmark re", ["refocus ", "renderer "]),
        ("rackfocus benchmark nonesuch ", []),
        ("rackfocus evaluate st", ["stabilizer "]),
        ("rackfocus prepare cut_outs tea", []),
        ("rackfocus make-clip in.mp4 out.rvr stabilizer=no", ["stabilizer=none "]),
        ("rackfocus refocus nonesuch=", []),
    ],
)  # fmt: skip
def test_what_a_word_may_become(line, expected):
    assert completions(line, COMMANDS) == expected


def test_every_command_and_every_setting_of_it_can_be_completed():
    assert [each.strip() for each in completions("rackfocus ", COMMANDS)][: len(COMMANDS)] == list(COMMANDS)
    for command in COMMANDS:
        assert completions(f"rackfocus {command} ", COMMANDS)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash on this machine")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("rackfocus ref", "refocus |"),
        (
            "rackfocus refocus lens=",
            "anamorphic |cat_eye |disk |edge_bright |edge_dim |photographed |polygon |",
        ),
        ("rackfocus refocus model/depth=fa", "fastdepth |"),
        ("rackfocus refocus in", "interlaced=|"),
    ],
)
def test_bash_completes(line, expected, tmp_path):
    program = tmp_path / "rackfocus"
    program.write_text(f"#!{sys.executable}\nfrom rackfocus.cli import main\nmain()\n")
    program.chmod(0o755)
    ask = f'{BASH_SCRIPT}\nCOMP_LINE="$1" COMP_POINT=${{#1}}\n_rackfocus\nprintf "%s|" "${{COMPREPLY[@]}}"'
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = ["bash", "--norc", "-c", ask, "bash", line]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == (expected, "")
