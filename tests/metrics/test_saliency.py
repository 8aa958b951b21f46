import math

import numpy as np
import pytest
import torch

from rackfocus.metrics.saliency import (
    SCORES,
    SaliencyScore,
    auc_judd,
    auc_shuffled,
    correlation,
    nss,
    saliency_scores,
    similarity,
)

MAP = torch.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])


def at(*places):
    planes = torch.zeros(2, 3)
    for row, column in places:
        planes[row, column] = 1
    return planes


def test_auc_judd_by_hand():
    # Fixated 5 and 2: above 5 there is no other pixel, above 2 are 3 and 4 of the four others.
    # (0, 0), (0, 1/2), (1/2, 1), (1, 1): 1/2 * 3/4 + 1/2 * 1.
    assert auc_judd(MAP, at((1, 2), (0, 2))).item() == pytest.approx(7 / 8)
    assert auc_judd(MAP, at((1, 2))).item() == 1
    # The lowest pixel: the line from (0, 0) to (1, 1), as in the authors' code.
    assert auc_judd(MAP, at((0, 0))).item() == pytest.approx(0.5)


def test_auc_shuffled_by_hand():
    # Stretched: 0, .2, .4, .6, .8, 1. Positives 1 and .4; negatives .6 and 0.
    # Points at 1: (0, 1/2), at .6: (1/2, 1/2), at .4: (1/2, 1), at 0: (1, 1).
    area = auc_shuffled(MAP, at((1, 2), (0, 2)), at((1, 0), (0, 0)))
    assert area.item() == pytest.approx(0.5 * 0.5 + 0.5 * 1)
    assert auc_shuffled(MAP, at((1, 2)), at((1, 2))).item() == pytest.approx(0.5)


def test_thresholds_are_a_tenth_apart():
    # .93 and .97 are between the same two thresholds, and so are equal.
    saliency = torch.tensor([0.0, 0.93, 0.97, 1.0])
    positive, negative = torch.tensor([0.0, 0, 1, 0]), torch.tensor([0.0, 1, 0, 0])
    assert auc_shuffled(saliency, positive, negative).item() == pytest.approx(0.5)


def test_similarity_and_correlation_by_hand():
    density = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.5, 0.5]])
    # Shares of MAP: 0, 1, 2, 3, 4, 5 of 15; of the density 1/2 and 1/2.
    assert similarity(MAP, density).item() == pytest.approx(9 / 15)
    assert similarity(density, density).item() == pytest.approx(1)
    assert correlation(MAP, 7 * MAP - 3).item() == pytest.approx(1)
    assert correlation(MAP, -MAP).item() == pytest.approx(-1)
    assert correlation(MAP, density).item() == pytest.approx(np.corrcoef(MAP.ravel(), density.ravel())[0, 1])


def test_nss_by_hand():
    # Mean 2.5, standard deviation sqrt(3.5).
    assert nss(MAP, at((1, 2), (1, 0))).item() == pytest.approx((2.5 + 0.5) / 2 / math.sqrt(3.5))


def test_more_than_one_fixation_in_a_pixel_is_one():
    for score in (auc_judd, nss):
        assert score(MAP, at((1, 2), (0, 1)) * 4) == score(MAP, at((1, 2), (0, 1)))


def test_a_flat_map_says_nothing():
    flat, fixations = torch.full((2, 3), 0.3), at((0, 1))
    scores = saliency_scores(flat, fixations, torch.rand(2, 3), at((1, 1)))
    assert scores["AUC-J"] == scores["s-AUC"] == 0.5
    assert scores["CC"] == scores["NSS"] == 0
    assert 0 < scores["SIM"] < 1


def test_nobody_looks():
    scores = saliency_scores(MAP, torch.zeros(2, 3), torch.zeros(2, 3), at((1, 1)))
    assert all(math.isnan(score) for score in scores.values())


def test_scale_and_shift_of_the_map_do_not_matter(generator):
    saliency, density = torch.rand(2, 9, 12, generator=generator)
    fixations, others = (torch.rand(2, 9, 12, generator=generator) < 0.1).float()
    one = saliency_scores(saliency, fixations, density, others)
    two = saliency_scores(4 * saliency - 1, fixations, density, others)
    for name in SCORES:
        assert one[name].item() == pytest.approx(two[name].item(), abs=1e-6)


def reference(saliency, fixations, density, others, rng):
    """By the definitions, threshold by threshold, with noise and draws as in the published code."""
    fixated = fixations > 0
    noisy = saliency + rng.random(saliency.shape) * 1e-9
    points = [(0.0, 0.0)]
    for number, threshold in enumerate(sorted(noisy[fixated], reverse=True), start=1):
        above = (noisy >= threshold).sum()
        points.append(((above - number) / (~fixated).sum(), number / fixated.sum()))
    judd = np.trapezoid(*reversed(list(zip(*points, (1, 1), strict=True))))
    stretched = (saliency - saliency.min()) / np.ptp(saliency)
    areas = []
    for _ in range(400):
        drawn = rng.choice(stretched[others > 0], min(fixated.sum(), (others > 0).sum()), replace=False)
        points = [(0.0, 0.0)]
        for threshold in np.arange(0, 1.01, 0.1)[::-1]:
            points.append(((drawn >= threshold).mean(), (stretched[fixated] >= threshold).mean()))
        areas.append(np.trapezoid(*reversed(list(zip(*points, (1, 1), strict=True)))))
    wanted = (density - density.min()) / np.ptp(density)
    return {
        "AUC-J": judd,
        "SIM": np.minimum(stretched / stretched.sum(), wanted / wanted.sum()).sum(),
        "s-AUC": np.mean(areas),
        "CC": np.corrcoef(saliency.ravel(), density.ravel())[0, 1],
        "NSS": ((saliency - saliency.mean()) / saliency.std(ddof=1))[fixated].mean(),
    }


@pytest.mark.parametrize("levels", [None, 6])
def test_against_the_definitions(generator, levels):
    saliency, density = torch.rand(2, 24, 32, generator=generator, dtype=torch.float64)
    if levels:  # ties, as in a map of eight bits
        saliency = (saliency * levels).floor()
    fixations = (torch.rand(24, 32, generator=generator) * saliency > 0.8 * saliency.max()).double()
    others = (torch.rand(24, 32, generator=generator) < 0.1).double()
    expected = reference(
        *(plane.numpy() for plane in (saliency, fixations, density, others)), np.random.default_rng(1)
    )
    # The noise and the draws of the reference leave it off by luck; without ties there is no noise.
    luck = {"AUC-J": 0.02 if levels else 1e-9, "s-AUC": 0.02}
    for name, score in saliency_scores(saliency, fixations, density, others).items():
        assert score.item() == pytest.approx(expected[name], abs=luck.get(name, 1e-9)), name


def test_the_metric_is_the_mean_over_frames_that_are_looked_at(generator):
    saliency, density = torch.rand(2, 3, 1, 6, 8, generator=generator)
    fixations = (torch.rand(3, 1, 6, 8, generator=generator) < 0.2).float()
    fixations[1], density[1] = 0, 0
    others = (torch.rand(1, 6, 8, generator=generator) < 0.3).float()
    metric = SaliencyScore()
    metric.update(saliency[:2], fixations[:2], density[:2], others)
    metric.update(saliency[2:], fixations[2:], density[2:], others)
    singly = [saliency_scores(saliency[i], fixations[i], density[i], others) for i in (0, 2)]
    for name, value in metric.compute().items():
        assert value.item() == pytest.approx(sum(each[name].item() for each in singly) / 2)
