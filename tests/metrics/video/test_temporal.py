import math

import pytest
import torch

from rackfocus.metrics.video.temporal import (
    flow_warped_error,
    frame_change,
    temporal_alignment_error,
    temporal_change_error,
)

INTRINSICS = torch.tensor([[40.0, 0, 15.5], [0, 40, 11.5], [0, 0, 1]])


def test_motion_is_no_error():
    wide = torch.rand(1, 8, 20)
    flow = torch.zeros(2, 8, 16)
    flow[0] = -4
    visible = torch.ones(8, 16, dtype=torch.bool)
    visible[:, :4] = False
    assert flow_warped_error(wide[..., :16], wide[..., 4:], flow, visible) == 0
    assert flow_warped_error(wide[..., :16], wide[..., 4:] + 0.5, flow, visible) == pytest.approx(0.5)
    assert math.isnan(flow_warped_error(wide[..., :16], wide[..., 4:], flow, visible & False))


def wall(distance):
    return torch.full((1, 24, 32), distance)


def moved(metres):
    motion = torch.eye(4)
    motion[2, 3] = -metres  # The camera goes on, so everything comes nearer.
    return motion


def test_a_wall_comes_nearer_as_the_camera_does():
    assert temporal_alignment_error(wall(4.0), wall(3.0), intrinsics=INTRINSICS, motion=moved(1.0)) == 0


def test_depth_that_pumps_is_an_error():
    """3.3 where 3 is expected: 0.3 / 3.3 there, and 0.3 / 4 on the way back."""
    error = temporal_alignment_error(wall(4.0), wall(3.3), intrinsics=INTRINSICS, motion=moved(1.0))
    assert error == pytest.approx((0.3 / 3.3 + 0.3 / 4) / 2, rel=1e-5)


def test_what_is_unknown_does_not_count():
    one, other = wall(4.0), wall(3.0)
    other[:, :5] = 100.0
    known = other < 100
    settings = {"intrinsics": INTRINSICS, "motion": moved(1.0)}
    assert temporal_alignment_error(one, other, **settings) > 0.1
    assert temporal_alignment_error(one, other, following_valid=known, **settings) == 0
    assert math.isnan(temporal_alignment_error(one, other, valid=known & False, **settings))


def test_only_the_change_counts():
    truth = torch.rand(2, 3, 5, 5)
    assert temporal_change_error(*(truth + 0.3), *truth) == pytest.approx(0, abs=1e-6)
    assert temporal_change_error(truth[0], truth[1] + 0.25, *truth) == pytest.approx(0.25)


def test_change_over_spread():
    still = torch.rand(1, 1, 8, 9).expand(5, -1, -1, -1)
    assert frame_change(still) == 0
    assert frame_change(torch.ones(3, 1, 4, 4)) == 0
    assert frame_change(still[:1]).isnan()
    maps = torch.rand(4, 1, 8, 9)
    change = sum((maps[i + 1] - maps[i]).abs().mean() for i in range(3)) / 3
    expected = change / maps.std(correction=0)
    torch.testing.assert_close(frame_change(maps).float(), expected)
    torch.testing.assert_close(frame_change(-3 * maps + 8).float(), expected)
