"""A tiny real run of the training on several kinds of samples, which goes on and is evaluated."""

import sys

import cv2
import numpy as np
import pytest
import torch

from rackfocus.cli import main
from rackfocus.data.taught.taught_photographs import write_label
from rackfocus.models.checkpoints import load_model


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["rackfocus", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


def test_scenes_photographs_and_panoramas_train_one_network(tmp_path, raytraced, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for number in range(3):
        picture = rng.integers(0, 256, (48, 64, 3)).astype(np.uint8)
        write_label(tmp_path / "labels", f"photo{number}", picture, torch.rand(48, 64))
    (tmp_path / "cut_outs").mkdir()
    cut_out = rng.integers(0, 256, (20, 16, 4)).astype(np.uint8)
    cut_out[..., 3] = 255
    cv2.imwrite(str(tmp_path / "cut_outs" / "subject.png"), cut_out)
    (tmp_path / "panoramas").mkdir()
    cv2.imwrite(
        str(tmp_path / "panoramas" / "hall.hdr"), np.exp(rng.normal(size=(64, 128, 3))).astype(np.float32)
    )
    settings = (
        "experiment=photographs", "model.trunk=null", "model.base_width=4", "model.levels=2",
        f"data.root={raytraced}", "data.labels=labels", "data.cut_outs=cut_outs", "data.panoramas=panoramas",
        "data.train.datasets.light.size=[32,48]", "datamodule.view.nearness.size=[32,48]",
        "datamodule.view.scene.shorter_side_px=[32,40]", "datamodule.view.scene.crop_px=48",
        "trainer.max_steps=2", "trainer.val_check_interval=1", "+trainer.limit_val_batches=1",
        "callbacks.last.every_n_steps=1", "hydra.run.dir=made",
    )  # fmt: skip
    assert run(monkeypatch, "train", *settings) == 0
    assert "made/rgbd_hdr.safetensors" in capfd.readouterr().out
    header = (tmp_path / "made/metrics/metrics.csv").read_text().splitlines()[0]
    assert {"validation/loss", "validation/scenes", "validation/psnr"} <= set(header.split(","))
    assert run(monkeypatch, "train", "ckpt=last", "hydra.run.dir=made", "trainer.max_steps=3") == 0
    last = torch.load(tmp_path / "made/checkpoints/last.ckpt", weights_only=True)
    assert last["global_step"] == 3
    estimate = load_model(tmp_path / "made/rgbd_hdr.safetensors")(torch.rand(1, 3, 40, 56))
    assert estimate.disparity.isfinite().all()


def test_what_it_needs_is_named(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "train", "experiment=photographs") == 2
    errors = capfd.readouterr().err
    assert "Traceback" not in errors
    assert "data." in errors
