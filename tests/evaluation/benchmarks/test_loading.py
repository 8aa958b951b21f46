import time

import pytest
import torch
from torch.utils.data import Dataset

from rackfocus.data.apertures.sample import FocusSample
from rackfocus.evaluation.benchmarks.loading import batch_rate, step_rate
from rackfocus.losses.aperture_supervision import ApertureSupervision
from rackfocus.optics.renderer import Renderer
from rackfocus.tasks.data import FocusData

SECONDS = 0.02


class Slow(Dataset):
    """Takes a known time a sample."""

    def __len__(self):
        return 5

    def __getitem__(self, index):
        time.sleep(SECONDS)
        image = torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(index))
        return FocusSample("slow", image, image, image)


class AsIs:
    def __call__(self, sample, _generator):
        return sample


def loader(workers):
    return FocusData(train=Slow(), validation=Slow(), view=AsIs(), workers=workers).train_dataloader()


def test_loading_in_the_same_process_takes_the_time_of_the_samples():
    assert batch_rate(loader(0), batches=10) == pytest.approx(1 / SECONDS, rel=0.5)


def test_two_workers_load_side_by_side():
    assert batch_rate(loader(2), batches=30) > 1.1 / SECONDS


def test_steps_are_timed_without_loading(tiny_network):
    before = [parameter.clone() for parameter in tiny_network.parameters()]
    assert step_rate(tiny_network, ApertureSupervision(Renderer()), loader(0), steps=2) > 0
    after = [parameter.cpu() for parameter in tiny_network.parameters()]
    assert any(not torch.equal(one, other) for one, other in zip(before, after, strict=True))
