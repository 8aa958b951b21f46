import math

import numpy as np
import pytest
import torch

from rackfocus.metrics.masks import near_boundary, signed_distance_px, surroundings


def blob(height=24, width=30):
    random = np.random.default_rng(2)
    mask = np.zeros((height, width), bool)
    mask[6:15, 8:20] = random.random((9, 12)) < 0.8
    return torch.from_numpy(mask)


def brute_force_distance(mask):
    rows = mask.tolist()
    points = [(y, x) for y in range(mask.shape[0]) for x in range(mask.shape[1])]
    found = torch.empty(mask.shape)
    for y, x in points:
        others = (math.hypot(y - v, x - u) for v, u in points if rows[v][u] != rows[y][x])
        found[y, x] = min(others) * (1 if rows[y][x] else -1)
    return found


def test_distance_by_brute_force():
    mask = blob(17, 22)
    torch.testing.assert_close(signed_distance_px(mask), brute_force_distance(mask), atol=1e-4, rtol=0)


@pytest.mark.parametrize("value", [True, False])
def test_a_mask_of_one_kind_has_no_boundary(value):
    mask = torch.full((20, 20), value)
    assert signed_distance_px(mask).abs().isinf().all()
    assert not surroundings(mask).any()
    assert not near_boundary(mask).any()


@pytest.mark.parametrize(("lines", "first", "last"), [(720, 8, 40), (360, 4, 20), (1440, 16, 80)])
def test_the_ring_scales_with_the_height(lines, first, last):
    mask = torch.zeros(lines, 200, dtype=torch.bool)
    mask[:, :50] = True
    ring = torch.zeros(200, dtype=torch.bool)
    ring[49 + first : 50 + last] = True  # column 50 is one pixel away from the subject
    assert torch.equal(surroundings(mask), ring.expand(lines, -1))
    assert near_boundary(mask)[0].nonzero().flatten().tolist() == list(range(max(0, 50 - last), 50 + last))
