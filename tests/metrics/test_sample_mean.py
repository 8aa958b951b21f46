"""The mean over samples, however they are shared out among batches and processes."""

import pytest
import torch

from rackfocus.metrics.sample_mean import SampleMean


def test_every_sample_counts_alike_in_batches_of_any_size():
    mean = SampleMean()
    for values in ([1.0, 2.0, 6.0], [], [11.0]):
        mean.update(torch.tensor(values))
    mean.update(torch.tensor(0.0))
    assert mean.compute() == pytest.approx(20 / 5)


def test_without_samples_there_is_no_mean():
    mean = SampleMean()
    mean.update(torch.empty(0))
    assert mean.compute().isnan()


def test_a_value_that_is_not_a_number_is_not_left_out():
    mean = SampleMean()
    mean.update(torch.tensor([1.0, torch.nan]))
    assert mean.compute().isnan()


def test_each_process_counts_by_its_samples():
    """As synchronised by torchmetrics, with what another process has: the sum of all, and their number."""
    other = {"total": torch.tensor(30.0), "samples": torch.tensor(3.0)}
    order = iter(other)
    mean = SampleMean(
        dist_sync_fn=lambda state, group: [state, other[next(order)]],  # noqa: ARG005
        distributed_available_fn=lambda: True,
    )
    mean.update(torch.tensor([2.0]))
    assert mean.compute() == 32 / 4
    assert mean.samples == 1


def test_it_adds_nothing_to_a_checkpoint():
    assert SampleMean().state_dict() == {}
