"""A tiny real run of the training of AF-Net, and what becomes of its weights."""

import json
import subprocess
import sys

import pytest
import torch

from rackfocus.models.af_net_files import load_af_net


def run(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-c", "from rackfocus.cli import main; main()", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_network_is_trained_goes_on_and_finds_targets(tmp_path, write_event_clip):
    for number in range(3):
        write_event_clip(tmp_path, f"acts_000{number}")
    settings = (
        "experiment=af_net", f"data.root={tmp_path}", "data.train_seeds=[0,2]", "data.validation_seeds=[2,3]",
        "model.width=8", "model.feature_width=8", "model.time_width=8", "datamodule.view.height_px=32",
        "datamodule.view.width_px=48", "datamodule.batch_size=2", "trainer.val_check_interval=1",
        "trainer.max_steps=2", "hydra.run.dir=made",
    )  # fmt: skip
    result = run(tmp_path, "train", *settings)
    assert result.returncode == 0, result.stderr
    assert "made/af_net.safetensors\nTry them: rackfocus autofocus" in result.stdout
    assert torch.load(tmp_path / "made/checkpoints/last.ckpt", weights_only=True)["global_step"] == 2
    result = run(tmp_path, "train", "ckpt=last", "hydra.run.dir=made", "trainer.max_steps=3")
    assert result.returncode == 0, result.stderr
    assert load_af_net(tmp_path / "made/af_net.safetensors").architecture["width"] == 8
    found = run(
        tmp_path, "autofocus", "clips/acts_0000/clip.mp4", "--out", "focus.json", "--picture", "focus.png",
        "autofocus=af_net", "autofocus.checkpoint=made/af_net.safetensors", "network_size_px=48",
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    targets = json.loads((tmp_path / "focus.json").read_text())["targets"]
    assert targets[0]["t"] == 0
    assert {target["source"] for target in targets} == {"af-net"}
    assert (tmp_path / "focus.png").is_file()
