"""Which checkpoint `ckpt` means, and which settings go with it."""

import os
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from rackfocus.cli.runs.resume import checkpoint_to_resume, resumed_arguments
from rackfocus.cli.train import _require_fit, main
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


FOREIGN = [
    "model._target_=os.system", "+x._target_=os.system", "++task._target_=os.system",
    "x={_target_:os.system}", "+callbacks.x=[1,{a:{_target_:os.system}}]", 'x="${oc.decode:${y}}"',
    "x={a:'${${z}:y}'}", "hydra.searchpath=[file:///tmp]", "hydra/launcher=joblib", "+hydra.callbacks.x.y=1",
    "--config-dir=/tmp", "-m", "model=../../x", "model@task=../../x", "model=[rgbd_hdr,a/../../x]", "seed={",
]  # fmt: skip
"""Settings in a training's folder that make objects of any class, or read configurations from anywhere."""


@pytest.mark.parametrize("setting", FOREIGN)
def test_settings_of_others_that_may_run_anything_are_refused(setting, runs):
    named, recorded = f"hydra.run.dir={runs / 'old'}", runs / "old" / ".hydra" / "overrides.yaml"
    OmegaConf.save(["seed=2", setting], recorded)
    with pytest.raises(InputError) as refused:
        resumed_arguments([named, "ckpt=last"])
    assert str(refused.value).startswith(f"{recorded} holds {setting!r}")


@pytest.mark.parametrize("content", [b"- a: [\n", b"\xff", b"- !!python/object/apply:os.mkdir [x]\n"])
def test_a_record_that_is_none_is_a_sentence(content, runs):
    (runs / "old" / ".hydra" / "overrides.yaml").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read"):
        resumed_arguments([f"hydra.run.dir={runs / 'old'}", "ckpt=last"])
    assert not Path("x").exists()


def test_what_the_user_gives_is_not_refused(runs):
    named, recorded = f"hydra.run.dir={runs / 'old'}", runs / "old" / ".hydra" / "overrides.yaml"
    OmegaConf.save(["model._target_=os.system", "data.root=../a", "+f=${seed}", "~logger"], recorded)
    given = ["+model._target_=rackfocus.models.rgbd_hdr.RGBDHDRNet", named, "ckpt=last"]
    assert resumed_arguments(given) == ["data.root=../a", "+f=${seed}", "~logger", *given]


def test_a_training_of_others_runs_nothing(tmp_path, capfd):
    """The whole command: the model of that folder would write a file."""
    (tmp_path / "run" / ".hydra").mkdir(parents=True)
    trace = tmp_path / "trace"
    recorded = f"model={{_target_:os.mkdir,path:'{trace}'}}"
    OmegaConf.save([recorded], tmp_path / "run" / ".hydra" / "overrides.yaml")
    assert main(["ckpt=last", f"hydra.run.dir={tmp_path / 'run'}", "data.root=."]) == 2
    assert "may run a program that is not rackfocus" in capfd.readouterr().err
    assert not trace.exists()
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".hydra"]


@pytest.mark.parametrize("arguments", [["seed=3"], ["-m", "ckpt=last", "seed=1,2"], ["ckpt=some.ckpt"], []])
def test_other_command_lines_stay(arguments, runs):  # noqa: ARG001
    assert resumed_arguments(arguments) == arguments


def test_without_a_run_there_is_nothing_to_go_on_with(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="to go on from"):
        resumed_arguments(["ckpt=last"])


def test_the_checkpoint_of_a_folder(runs, capsys):
    assert checkpoint_to_resume(None, runs / "fresh") is None
    own = runs / "old" / "checkpoints" / "last.ckpt"
    assert {checkpoint_to_resume(ckpt, runs / "old") for ckpt in ("last", None, "nowhere.ckpt")} == {own}
    assert checkpoint_to_resume("last", runs / "fresh") is None
    assert "training from the beginning" in capsys.readouterr().out
    path = runs / "new" / "checkpoints" / "last.ckpt"
    assert checkpoint_to_resume(str(path), runs / "fresh") == path
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
