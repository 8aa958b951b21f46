"""Which checkpoint `ckpt` means, and which settings go with it."""

import os

import pytest
import torch

from rackfocus.cli.resume import checkpoint_to_resume, resumed_arguments
from rackfocus.cli.train import _require_fit
from rackfocus.types import InputError


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Two trainings, the older one with more to it, and a sweep."""
    monkeypatch.chdir(tmp_path)
    for age, name in enumerate(("sweep/1", "new", "old")):
        folder = tmp_path / "runs" / "train" / name
        (folder / "checkpoints").mkdir(parents=True)
        (folder / ".hydra").mkdir()
        (folder / "checkpoints" / "last.ckpt").touch()
        os.utime(folder / "checkpoints" / "last.ckpt", (1e9 - age, 1e9 - age))
        (folder / ".hydra" / "overrides.yaml").write_text(
            "- experiment=demo\n- +a.b=1\n- seed=2\n- ckpt=last\n"
        )
    return tmp_path / "runs" / "train"


def test_the_newest_goes_on_with_its_settings_and_those_given_on_top(runs):
    assert resumed_arguments(["seed=3", "ckpt=last"]) == [
        "experiment=demo", "+a.b=1", "seed=3", "ckpt=last", "hydra.run.dir='runs/train/sweep/1'",
    ]  # fmt: skip
    os.utime(runs / "new" / "checkpoints" / "last.ckpt")
    assert resumed_arguments(["ckpt=last"])[-1] == "hydra.run.dir='runs/train/new'"


def test_settings_that_had_another_name_are_still_read(runs):
    earlier = runs / "old" / ".hydra" / "overrides.yaml"
    earlier.write_text("- experiment=afnet_gaze\n- schedule=cosine\n")
    assert resumed_arguments([f"hydra.run.dir={runs / 'old'}", "ckpt=last"])[:2] == [
        "experiment=af_net_gaze",
        "scheduler=cosine",
    ]


def test_a_folder_that_is_named_goes_on(runs):
    named = f"hydra.run.dir={runs / 'old'}"
    assert resumed_arguments([named, "ckpt=last"]) == [
        "experiment=demo",
        "+a.b=1",
        "seed=2",
        named,
        "ckpt=last",
    ]
    assert resumed_arguments(["ckpt=last", "hydra.run.dir=fresh"]) == ["ckpt=last", "hydra.run.dir=fresh"]


@pytest.mark.parametrize("arguments", [["seed=3"], ["-m", "ckpt=last", "seed=1,2"], ["ckpt=some.ckpt"], []])
def test_other_command_lines_stay(arguments, runs):  # noqa: ARG001
    assert resumed_arguments(arguments) == arguments


def test_without_a_run_there_is_nothing_to_go_on_with(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="to go on from"):
        resumed_arguments(["ckpt=last"])


def test_the_checkpoint_of_a_folder(runs, capsys):
    assert checkpoint_to_resume(None, runs / "old") is None
    assert checkpoint_to_resume("last", runs / "old") == runs / "old" / "checkpoints" / "last.ckpt"
    assert checkpoint_to_resume("last", runs / "fresh") is None
    assert "training from the beginning" in capsys.readouterr().out
    path = runs / "new" / "checkpoints" / "last.ckpt"
    assert checkpoint_to_resume(str(path), runs / "old") == path
    with pytest.raises(InputError, match=r"no checkpoint nowhere\.ckpt"):
        checkpoint_to_resume("nowhere.ckpt", runs)


def test_a_checkpoint_of_another_network_or_none_at_all(tmp_path):
    task = torch.nn.Linear(2, 3)
    path = tmp_path / "last.ckpt"
    torch.save({"state_dict": task.state_dict()}, path)
    _require_fit(path, task)
    with pytest.raises(InputError, match="of another network"):
        _require_fit(path, torch.nn.Linear(2, 4))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="is no checkpoint"):
        _require_fit(path, task)
