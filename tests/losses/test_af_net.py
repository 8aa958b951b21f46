import math

import pytest
import torch

from rackfocus.losses.af_net import (
    AFNetLoss,
    correlation,
    kullback_leibler,
    scanpath_saliency,
    soft_window,
)


def density(*values):
    return torch.tensor(values).view(1, 1, 1, -1)


def test_divergence_by_hand():
    truth, logits = density(0.5, 0.5, 0.0, 0.0), torch.log(density(0.25, 0.25, 0.25, 0.25))
    torch.testing.assert_close(kullback_leibler(logits, truth), torch.tensor([math.log(2)]))
    torch.testing.assert_close(kullback_leibler(torch.log(truth + 1e-12), truth), torch.zeros(1))


def test_scanpath_saliency_by_hand():
    # Standardised, (4, 0, 0, 0) / 4 is (3, -1, -1, -1) / sqrt(3).
    logits = torch.tensor([100.0, 0, 0, 0]).view(1, 1, 2, 2)
    truth = torch.tensor([0.5, 0.5, 0, 0]).view(1, 1, 2, 2)
    torch.testing.assert_close(scanpath_saliency(logits, truth), torch.tensor([-1 / math.sqrt(3)]))


def test_correlation_is_that_of_numpy(generator):
    logits, truth = torch.randn(3, 1, 4, 5, generator=generator), torch.rand(3, 1, 4, 5, generator=generator)
    for one, other, found in zip(logits, truth, correlation(logits, truth), strict=True):
        stacked = torch.stack([one.flatten().softmax(0), other.flatten()])
        torch.testing.assert_close(found, -torch.corrcoef(stacked)[0, 1])


@pytest.mark.parametrize("measure", [kullback_leibler, scanpath_saliency, correlation])
def test_every_measure_leads_to_the_truth(measure, generator):
    truth = torch.rand(1, 1, 4, 6, generator=generator).pow(4)
    truth = truth / truth.sum()
    logits = torch.zeros(1, 1, 4, 6, requires_grad=True)
    before = measure(logits, truth)
    optimizer = torch.optim.Adam([logits], lr=0.1)
    for _ in range(100):
        optimizer.zero_grad()
        measure(logits, truth).sum().backward()
        optimizer.step()
    assert measure(logits, truth) < before
    assert logits.flatten().argmax() == truth.flatten().argmax()


def test_the_window_is_a_gaussian_in_seconds():
    new, times = torch.tensor([[0, 1.0, 0, 0, 1.0]]), torch.tensor([[0, 0.2, 0.4, 0.6, 1.0]])
    one, two = math.exp(-0.5), math.exp(-2)
    expected = torch.tensor([[one, 1, one, two, 1]])
    torch.testing.assert_close(soft_window(new, times, window_s=0.2), expected)
    assert soft_window(torch.zeros(1, 5), times, window_s=0.2).sum() == 0


def loss_of(regions, new_target, **settings):
    count = new_target.shape[1]
    loss = AFNetLoss(kullback_leibler, region_weight=1.0, time_weight=10.0, **settings)
    return loss(
        torch.zeros(1, count, 1, 2, 2, requires_grad=True),
        torch.zeros(1, count, requires_grad=True),
        regions=regions,
        new_target=new_target,
        times_s=torch.arange(count)[None] * 10.0,
    )


def test_terms_are_weighted_and_positives_count_more():
    regions = torch.zeros(1, 2, 1, 2, 2)
    regions[0, 0, 0, 0, 0] = 1
    terms = loss_of(regions, torch.tensor([[0, 1.0]]), positive_weight=3.0)
    # One frame has no region; a logit of 0 costs log 2, three times as much at the target.
    torch.testing.assert_close(terms.region, torch.tensor(math.log(4)))
    torch.testing.assert_close(terms.time, torch.tensor(2 * math.log(2)))
    torch.testing.assert_close(terms.total, terms.region + 10 * terms.time)


def test_what_nobody_knows_costs_nothing():
    terms = loss_of(torch.zeros(1, 3, 1, 2, 2), torch.full((1, 3), torch.nan))
    assert terms.total == 0
    terms.total.backward()
    terms = loss_of(torch.zeros(1, 3, 1, 2, 2), torch.tensor([[0.0, torch.nan, torch.nan]]))
    torch.testing.assert_close(terms.time, torch.tensor(math.log(2)))
