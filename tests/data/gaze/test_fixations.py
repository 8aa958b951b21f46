import math

import pytest
import torch

from rackfocus.data.gaze import fixations as fx


def brute_force(points, height, width, sigma):
    total = [[0.0] * width for _ in range(height)]
    for x, y in points:
        for row in range(height):
            for column in range(width):
                total[row][column] += math.exp(-((column - x) ** 2 + (row - y) ** 2) / (2 * sigma**2))
    values = torch.tensor(total)
    return values / values.sum()


def test_a_fixation_renders_to_its_place_and_sums_to_one():
    density = fx.fixation_map(torch.tensor([[30.0, 12.0]]), height=24, width=40, sigma_px=2.0)
    assert density.shape == (1, 24, 40)
    assert divmod(int(density.argmax()), 40) == (12, 30)
    assert density.sum().item() == pytest.approx(1, abs=1e-6)
    assert density[0, 12, 30].item() == pytest.approx(1 / (2 * math.pi * 4), rel=1e-4)
    assert density[0, 12, 32].item() / density[0, 12, 30].item() == pytest.approx(math.exp(-0.5), rel=1e-5)
    assert density[0, 10, 30].item() / density[0, 12, 30].item() == pytest.approx(math.exp(-0.5), rel=1e-5)


def test_many_fixations_against_brute_force():
    points = [(3.2, 4.9), (3.2, 4.9), (14.6, 0.1), (19.0, 11.0)]
    density = fx.fixation_map(torch.tensor(points), height=12, width=20, sigma_px=1.7)
    torch.testing.assert_close(density[0], brute_force(points, 12, 20, 1.7), rtol=1e-5, atol=1e-8)


def test_the_blur_is_that_of_dhf1k():
    """30 pixels wide at half its height, on a picture 640 wide."""
    assert fx.SIGMA_SHARE * 640 * 2 * math.sqrt(2 * math.log(2)) == pytest.approx(30, abs=0.01)


def test_nobody_looks():
    nowhere = torch.zeros(0, 2)
    outside = torch.tensor([[-1.0, 3.0], [3.0, 99.0]])
    for points in (nowhere, outside):
        density = fx.fixation_map(points, height=8, width=9, sigma_px=2.0)
        assert density.shape == (1, 8, 9)
        assert torch.all(density == 0)
        assert torch.all(fx.fixation_counts(points, height=8, width=9) == 0)
    assert torch.all(fx.focus_region(density) == 0)


def test_counts_and_their_points():
    points = torch.tensor([[2.4, 1.0], [1.6, 1.4], [0.0, 0.0], [4.49, 2.49], [4.5, 0.0], [0.0, -0.51]])
    counts = fx.fixation_counts(points, height=3, width=5)
    expected = torch.zeros(1, 3, 5)
    expected[0, 1, 2] = 2
    expected[0, 0, 0] = expected[0, 2, 4] = 1
    assert torch.equal(counts, expected)
    assert fx.counted_points(counts).tolist() == [[0, 0], [2, 1], [2, 1], [4, 2]]


def test_the_region_that_most_gaze_is_on_is_kept():
    """One lone peak is higher; three that touch hold more gaze."""
    density = torch.zeros(1, 8, 12)
    density[0, 1, 1] = 5.0
    density[0, 5, 6:9] = torch.tensor([4.0, 4.0, 4.0])
    density[0, 6, 9] = 3.0  # Touches at a corner.
    density[0, 5, 10] = 2.0  # Below half of the largest.
    region = fx.focus_region(density)
    expected = torch.zeros(1, 8, 12)
    expected[0, 5, 6:9], expected[0, 6, 9] = 4 / 15, 3 / 15
    torch.testing.assert_close(region, expected)


def test_of_two_groups_of_viewers_the_larger_counts():
    points = torch.tensor([[10.0, 10.0]] * 4 + [[50.0, 20.0]] * 3)
    region = fx.focus_region(fx.fixation_map(points, height=30, width=64, sigma_px=2.0))
    rows, columns = torch.nonzero(region[0], as_tuple=True)
    # Half of the height is at 1.18 standard deviations.
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (8, 12, 8, 12)
    assert region.sum().item() == pytest.approx(1, abs=1e-6)


def test_resizing_keeps_places_and_the_sum():
    points = torch.tensor([[0.5, 0.5], [639.0, 359.0]])
    small = fx.resized_points(points, source=(360, 640), size=(180, 320))
    assert small.tolist() == [[0.0, 0.0], [319.25, 179.25]]
    density = fx.fixation_map(torch.tensor([[400.5, 100.5]]), height=360, width=640, sigma_px=12.74)
    for size in ((180, 320), (216, 384), (720, 1280)):
        resized = fx.resized_map(density, size=size)
        place = fx.resized_points(torch.tensor([[400.5, 100.5]]), source=(360, 640), size=size)
        columns, rows = torch.arange(size[1]), torch.arange(size[0])
        assert resized.sum().item() == pytest.approx(1, abs=1e-5)
        centre = ((resized[0].sum(0) * columns).sum().item(), (resized[0].sum(1) * rows).sum().item())
        assert centre == pytest.approx(tuple(place[0].tolist()), abs=0.02)
    assert torch.all(fx.resized_map(torch.zeros(1, 4, 4), size=(2, 2)) == 0)
