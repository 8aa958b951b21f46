"""What every sub-command promises: help, and a user's mistake as one sentence with exit code 2."""

import os
import subprocess
import sys

import pytest

from rackfocus.cli import COMMANDS, main
from rackfocus.cli.configs.files import config_folder


def run(monkeypatch, capfd, *arguments):
    monkeypatch.setattr(sys, "argv", ["rackfocus", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    out, err = capfd.readouterr()
    return stop.value.code, out, err


def assert_one_sentence(err, *, says):
    lines = [line for line in err.splitlines() if line.strip()]
    assert len(lines) == 1, err
    assert lines[0].startswith("rackfocus")
    assert says in lines[0]
    assert "Traceback" not in err


def test_the_overview_names_every_command(monkeypatch, capfd):
    code, out, _ = run(monkeypatch, capfd, "--help")
    assert code == 0
    assert all(name in out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_answers_help_and_cfg(name, monkeypatch, capfd):
    code, out, err = run(monkeypatch, capfd, name, "--help")
    assert (code, err) == (0, "")
    assert f"rackfocus {name}" in out
    named = ("benchmark", "renderer") if name == "benchmark" else (name,)
    code, out, err = run(monkeypatch, capfd, *named, "--cfg", "job")
    assert (code, err) == (0, "")
    assert ":" in out


def test_an_unknown_command_suggests_one(monkeypatch, capfd):
    code, _, err = run(monkeypatch, capfd, "refocsu")
    assert code == 2
    assert_one_sentence(err, says="did you mean 'refocus'?")


def test_a_folder_that_cannot_be_made_is_one_sentence(monkeypatch, capfd, tmp_path):
    code, _, err = run(monkeypatch, capfd, "train", f"hydra.run.dir={tmp_path}/{'n' * 5000}")
    assert code == 2
    assert_one_sentence(err, says="nnn... cannot be used (File name too long)")


@pytest.mark.parametrize(
    "override", ["focsu.x=3", "lens.fnumber=2", "lens=nonesuch", "nonsense=1", "scale=[1"]
)
def test_an_unknown_key_is_one_sentence(override, monkeypatch, capfd):
    code, _, err = run(monkeypatch, capfd, "refocus", "in.mp4", "out.mp4", override)
    assert code == 2
    assert_one_sentence(err, says=override.partition("=")[0].partition(".")[0])


@pytest.mark.parametrize("value", ["null", "3"])
def test_a_group_needs_the_name_of_a_choice(value, monkeypatch, capfd):
    code, _, err = run(monkeypatch, capfd, "train", f"scheduler={value}")
    assert code == 2
    assert_one_sentence(err, says=f"scheduler={value}: a group of settings takes the name of a choice")


def test_one_argument_too_many(monkeypatch, capfd):
    code, _, err = run(monkeypatch, capfd, "refocus", "a.mp4", "b.mp4", "c.mp4")
    assert code == 2
    assert_one_sentence(err, says="'c.mp4' is one argument too many")


def test_the_configs_are_found():
    assert (config_folder() / "train.yaml").is_file()


def test_the_installed_command_answers():
    result = subprocess.run(
        [sys.executable, "-c", "from rackfocus.cli import main; main()", "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.startswith("rackfocus 0.")


@pytest.mark.parametrize("arguments", [["data", "--help"], ["--help"], ["--version"]])
def test_who_reads_no_further_ends_it_quietly(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", "from rackfocus.cli import main; main()", *arguments],
        stdout=writing, stderr=subprocess.PIPE, text=True, timeout=600, check=False,
    )  # fmt: skip
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")
