"""A tiny real run of train, evaluate and demo, each in a process of its own as a person would start it."""

import csv
import re
import subprocess
import sys

import pytest
import torch

from rackfocus import load_model

TINY = (
    "experiment=demo",
    "model.base_width=4",
    "model.levels=3",
    "trainer.max_steps=4",
    "trainer.val_check_interval=2",
    "trainer.log_every_n_steps=1",
    "+trainer.limit_val_batches=1",
    "datamodule.view.shorter_side_px=[40,48]",
    "datamodule.view.crop_px=40",
)


def run(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-c", "from rackfocus.cli import main; main()", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory, raytraced):
    folder = tmp_path_factory.mktemp("train")
    result = run(folder, "train", f"data.root={raytraced}", *TINY)
    assert result.returncode == 0, result.stderr
    (made,) = (folder / "runs" / "train").iterdir()
    return made, result


def test_training_leaves_a_network_and_how_it_came_about(trained):
    folder, result = trained
    assert f"runs/train/{folder.name}/rgbd_hdr.safetensors" in result.stdout
    prediction = load_model(folder / "rgbd_hdr.safetensors")(torch.rand(1, 3, 24, 32))
    assert prediction.disparity.isfinite().all()
    assert "base_width: 4" in (folder / "config.yaml").read_text()
    assert re.search(r"git revision: \w+", (folder / "environment.txt").read_text())
    assert "torch==" in (folder / "environment.txt").read_text()
    assert sorted(path.name for path in (folder / "checkpoints").iterdir()) == ["best.ckpt", "last.ckpt"]
    assert any((folder / "tensorboard").rglob("events.*"))
    with (folder / "metrics" / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sum(bool(row["train/loss"]) for row in rows) == 4
    assert sum(bool(row["validation/psnr"]) for row in rows) == 2


def test_a_checkpoint_is_plain_tensors(trained):
    checkpoint = torch.load(trained[0] / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["global_step"] == 4


def test_training_goes_on_from_a_checkpoint(trained, tmp_path, raytraced):
    last = trained[0] / "checkpoints" / "last.ckpt"
    result = run(tmp_path, "train", f"data.root={raytraced}", *TINY, "trainer.max_steps=6", f"resume={last}")
    assert result.returncode == 0, result.stderr
    (made,) = (tmp_path / "runs" / "train").iterdir()
    assert torch.load(made / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] == 6


def test_evaluate(trained, tmp_path, raytraced):
    checkpoint = trained[0] / "rgbd_hdr.safetensors"
    result = run(
        tmp_path, "evaluate", f"data.root={raytraced}", "split=validation", f"checkpoint={checkpoint}"
    )
    assert result.returncode == 0, result.stderr
    assert "truth, coverage" in result.stdout
    (made,) = (tmp_path / "runs" / "evaluate").iterdir()
    with (made / "records.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6 * 3 * 6


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("train", "data.root=nowhere"), "nowhere/train is no folder"),
        (("train", "data=sintel", "data.root=nowhere"), "no split 'train'"),
        (("train", "resume=nowhere.ckpt"), "no checkpoint nowhere.ckpt"),
        (("evaluate", "data.root=nowhere"), "nowhere/test is no folder"),
        (("evaluate", "checkpoint=nowhere.safetensors"), "no checkpoint nowhere.safetensors"),
        (("demo", "data.root=nowhere"), "nowhere/validation is no folder"),
    ],
)
def test_what_is_missing_is_one_sentence(tmp_path, arguments, says):
    result = run(tmp_path, *arguments)
    assert result.returncode == 2, result.stderr
    sentences = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(sentences) == 1, result.stderr
    assert says in sentences[0]


@pytest.mark.slow
def test_the_demo_writes_its_page(tmp_path, raytraced):
    result = run(tmp_path, "demo", f"data.root={raytraced}", *TINY[1:])
    assert result.returncode == 0, result.stderr
    (made,) = (tmp_path / "runs" / "demo").iterdir()
    page = (made / "index.html").read_text()
    assert page.count("<video ") == 3
    assert page.count("<img ") == 3 * 9
    assert page.count("data:image/jpeg;base64,") == 3 * 9
    assert "truth, coverage" in page
    assert "Held-out PSNR after training" in result.stdout
    assert str(made.relative_to(tmp_path) / "index.html") in result.stdout.replace("\n", "")
