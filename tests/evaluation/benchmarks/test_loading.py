import multiprocessing
from types import SimpleNamespace

import pytest
import torch
from torch.utils.data import Dataset, get_worker_info

from rackfocus.data.apertures.sample import FocusSample
from rackfocus.evaluation.benchmarks import loading
from rackfocus.evaluation.benchmarks.loading import LoadingRate, batch_time, step_rate
from rackfocus.losses.aperture_supervision import ApertureSupervision
from rackfocus.optics.renderer import Renderer
from rackfocus.tasks.data import FocusData


class Samples(Dataset):
    """Small ones; before each, something is called."""

    def __init__(self, before=lambda: None, *, length=5):
        self.before, self.length = before, length

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        self.before()
        image = torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(index))
        return FocusSample("small", image, image, image)


class AsIs:
    def __call__(self, sample, _generator):
        return sample


class Meeting:
    """Returns as soon as a second process calls it at the same time; one alone fails in the end."""

    def __init__(self):
        self.barrier = multiprocessing.Barrier(2)

    def __call__(self):
        assert get_worker_info() is not None
        self.barrier.wait(timeout=600)


def loader(samples, workers=0):
    return FocusData(train=samples, validation=samples, view=AsIs(), workers=workers).train_dataloader()


def test_loading_in_the_same_process_takes_the_time_of_the_samples(monkeypatch):
    now, steps = [0.0], iter([100.0, *[0.25] * 10])  # the first starts up, which does not count

    def load():
        now[0] += next(steps)

    clocks = SimpleNamespace(perf_counter=lambda: now[0], process_time=lambda: now[0] / 2)
    monkeypatch.setattr(loading, "time", clocks)
    assert batch_time(loader(Samples(load)), batches=10) == pytest.approx((0.25, 0.125))


@pytest.mark.parametrize(("cost", "workers"), [(0.02, 1), (0.1, 1), (1.25, 13)])
def test_the_workers_that_keep_up(cost, workers):
    rate = LoadingRate(
        workers=0, samples_per_second=5.0, trained_samples_per_second=10.0, processor_seconds=cost
    )
    assert rate.workers_needed == workers


def test_two_workers_load_side_by_side():
    # 1 + 2 * 2 loaded ahead and 7 that count: three whole epochs, so that no worker is left to wait.
    assert batch_time(loader(Samples(Meeting(), length=4), workers=2), batches=7)[0] > 0


def test_steps_are_timed_without_loading(tiny_network):
    before = [parameter.clone() for parameter in tiny_network.parameters()]
    assert step_rate(tiny_network, ApertureSupervision(Renderer()), loader(Samples()), steps=2) > 0
    after = [parameter.cpu() for parameter in tiny_network.parameters()]
    assert any(not torch.equal(one, other) for one, other in zip(before, after, strict=True))
