"""K-means against a brute force, and what its start promises."""

from itertools import product

import numpy as np
import pytest

from rackfocus.focus.clusters import weighted_kmeans


def cost(points, weights, labels):
    total = 0.0
    for label in set(labels):
        own = np.array([other == label for other in labels])
        centre = np.average(points[own], axis=0, weights=weights[own])
        total += (weights[own] * np.square(points[own] - centre).sum(axis=1)).sum()
    return total


def test_groups_far_apart_are_found_with_their_weighted_means():
    points = np.array([[0, 0], [1, 0], [50, 0], [52, 0], [0, 90], [0, 91]], float)
    weights = np.array([1, 3, 1, 1, 2, 2], float)
    centres, labels = weighted_kmeans(points, weights, 3)
    found = sorted(map(tuple, centres.round(9)))
    assert found == [(0, 90.5), (0.75, 0), (51, 0)]
    assert labels[0] == labels[1] != labels[2] == labels[3]


def test_it_is_as_good_as_trying_everything_on_clear_groups():
    rng = np.random.default_rng(3)
    points = np.concatenate([rng.normal(0, 1, (4, 2)), rng.normal(20, 1, (4, 2))])
    weights = rng.uniform(0.5, 2, 8)
    best = min(cost(points, weights, labels) for labels in product((0, 1), repeat=8))
    _, labels = weighted_kmeans(points, weights, 2)
    assert cost(points, weights, tuple(labels)) == pytest.approx(best)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_points_make_few_clusters(count):
    points = np.repeat(np.arange(count, dtype=float)[:, None], 2, axis=1)
    points = np.concatenate([points, points])
    centres, labels = weighted_kmeans(points, np.ones(2 * count), 4)
    assert len(centres) == count
    assert (centres[labels] == points).all()


def test_the_same_points_give_the_same_clusters():
    rng = np.random.default_rng(5)
    points, weights = rng.uniform(0, 10, (300, 2)), rng.uniform(0.1, 1, 300)
    first, second = (weighted_kmeans(points, weights, 4) for _ in range(2))
    assert (first[0] == second[0]).all()
    assert (first[1] == second[1]).all()
