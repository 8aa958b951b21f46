"""Each run has a folder of its own, and none writes to that of an earlier training."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.runs.folders import new_folder, require_untrained
from rackfocus.types import InputError


def test_runs_that_start_together_get_folders_of_their_own(tmp_path):
    path = str(tmp_path / "runs" / "now")
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(new_folder, [path] * 8))
    assert sorted(made) == [path, *(f"{path}_{number}" for number in range(2, 9))]
    assert all(Path(folder).is_dir() for folder in made)


def test_a_configuration_means_one_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["rackfocus"])
    seen = []
    for _ in range(2):
        arguments = ["hydra.run.dir=${new_folder:runs/${hydra.job.name}}"]
        assert run_command("evaluate/images", lambda _: seen.append(run_folder()), arguments) == 0
    assert seen == [tmp_path / "runs" / "evaluate", tmp_path / "runs" / "evaluate_2"]
    assert [path.name for path in seen[1].iterdir()] == [".hydra", "evaluate.log"]


@pytest.mark.parametrize("command", ["data", "benchmark/renderer"])
def test_a_run_makes_one_folder(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["rackfocus"])
    seen = []
    assert run_command(command, lambda _: seen.append(run_folder()), []) == 0
    assert list((tmp_path / "runs" / command.partition("/")[0]).iterdir()) == seen


@pytest.fixture
def trained(tmp_path):
    (tmp_path / "sweep" / "made" / "checkpoints").mkdir(parents=True)
    return tmp_path / "sweep" / "made"


@pytest.mark.parametrize("argument", ["hydra.run.dir='{0}'", "hydra.sweep.dir={0.parent}"])
def test_a_folder_that_holds_a_training_is_not_written_to(argument, trained, monkeypatch):
    arguments = ["seed=1", argument.format(trained)]
    with pytest.raises(InputError, match=rf"{trained} holds a training already; go on with it \(ckpt=last\)"):
        require_untrained(arguments)
    require_untrained([*arguments, "ckpt=last"])
    monkeypatch.setenv("LOCAL_RANK", "1")
    require_untrained(arguments)


def test_any_other_folder_is_free(trained):
    require_untrained([f"hydra.run.dir={trained.parent}", f"hydra.sweep.dir={trained.parent.parent}"])
    require_untrained(["hydra.run.dir=nowhere", "hydra.sweep.dir=nowhere"])


def test_the_refusal_is_one_sentence(trained, monkeypatch, capfd):
    monkeypatch.setattr("sys.argv", ["rackfocus"])
    assert run_command("data", lambda _: None, ["what=check", f"hydra.run.dir={trained}"]) == 2
    assert "holds a training already" in capfd.readouterr().err
    assert [path.name for path in trained.iterdir()] == ["checkpoints"]


@pytest.mark.slow
def test_two_processes_that_start_together(tmp_path, raytraced):
    command = [sys.executable, "-c", "from rackfocus.cli import main; main()", "data", "check"]
    command += [f"data.root={raytraced}", "hydra.run.dir=${new_folder:runs/now}"]
    both = [subprocess.Popen(command, cwd=tmp_path, env=os.environ) for _ in range(2)]
    assert [process.wait(timeout=300) for process in both] == [0, 0]
    for name in ("now", "now_2"):
        assert (tmp_path / "runs" / name / "test.png").is_file()
