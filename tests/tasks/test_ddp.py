"""Two processes learn and measure what one does from the joined batches, and log it once."""

import csv
import subprocess
import sys

import pytest
import torch

# A process of its own, which forks before any thread of torch or numba runs; the files are read by the test.
SCRIPT = """
import logging, sys, warnings
from pathlib import Path
import pytorch_lightning as pl
import torch
from torch.utils.data import Dataset
from rackfocus.data.apertures.augmentation import RandomView
from rackfocus.data.apertures.sample import FocusSample
from rackfocus.losses.aperture_supervision import ApertureSupervision
from rackfocus.models.rgbd_hdr import RGBDHDRNet
from rackfocus.optics import Renderer
from rackfocus.tasks.reporting.csv_logger import CSVRunLogger
from rackfocus.tasks.data import FocusData
from rackfocus.tasks.rgbd_hdr import RGBDHDRTask

class Samples(Dataset):
    def __init__(self, count):
        self.count = count
    def __len__(self):
        return self.count
    def __getitem__(self, index):
        images = torch.rand(3, 3, 24, 32, generator=torch.Generator().manual_seed(index))
        return FocusSample(f"sample {index}", *images, aperture_ratio=0.25)

class Gradients(pl.Callback):
    def __init__(self, folder):
        self.folder = folder
    def on_before_optimizer_step(self, trainer, task, optimizer):
        if trainer.is_global_zero:
            self.folder.mkdir(parents=True, exist_ok=True)
            gradients = [weight.grad.flatten() for weight in task.model.parameters()]
            torch.save(torch.cat(gradients), self.folder / f"{trainer.global_step}.pt")

def fit(folder, **devices):
    torch.manual_seed(5)
    # At a rate of 0 the weights stay, so that all steps can be compared.
    loss = ApertureSupervision(Renderer("transmittance"))
    task = RGBDHDRTask(RGBDHDRNet(base_width=4, levels=2), loss, 0.0)
    view = RandomView(shorter_side_px=(20, 28), crop_px=16)
    size = 4 // devices["devices"]
    data = FocusData(train=Samples(8), validation=Samples(5), view=view, batch_size=size, seed=1)
    pl.Trainer(
        max_steps=3, accelerator="cpu", logger=CSVRunLogger(save_dir=folder), enable_checkpointing=False,
        callbacks=[Gradients(Path(folder))], enable_progress_bar=False, enable_model_summary=False,
        num_sanity_val_steps=0, check_val_every_n_epoch=None, val_check_interval=1, log_every_n_steps=1,
        default_root_dir=folder, **devices,
    ).fit(task, data)

warnings.simplefilter("ignore")
fit("two", devices=2, strategy="ddp_fork")
fit("one", devices=1)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folders `one` and `two`, of the number of processes."""
    folder = tmp_path_factory.mktemp("made")
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=folder, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return folder


@pytest.mark.slow
def test_the_gradients_are_those_of_the_joined_batch(made):
    for step in range(3):
        one, two = (torch.load(made / name / f"{step}.pt") for name in ("one", "two"))
        assert one.abs().max() > 1e-3
        assert torch.allclose(one, two, rtol=1e-6, atol=1e-6 * float(one.abs().max()))


@pytest.mark.slow
def test_the_scores_are_the_same_and_logged_once(made):
    """Five samples are validated, so one process repeats one of them."""
    rows = {}
    for name in ("one", "two"):
        with (made / name / "metrics" / "metrics.csv").open(newline="") as file:
            rows[name] = list(csv.DictReader(file))
        assert [path.name for path in (made / name / "metrics").iterdir()] == ["metrics.csv"]
    scores = [[row["validation/psnr"], row["validation/loss"]] for row in rows["one"]]
    assert sum(bool(psnr) for psnr, _ in scores) == 3
    assert len(rows["one"]) == len(rows["two"])
    for one, two in zip(rows["one"], rows["two"], strict=True):
        for column in ("validation/psnr", "validation/loss"):
            assert (one[column] == "") == (two[column] == "")
            assert not one[column] or float(two[column]) == pytest.approx(float(one[column]), rel=1e-6)
