import math

import numpy as np
import pytest
import torch

from rackfocus.metrics.video.flow import end_point_error, flow_difference, mean_component_error


def test_end_points():
    flow, truth = torch.zeros(2, 2, 4, 5)
    flow[0], flow[1] = 3, 4
    assert end_point_error(flow, truth) == 5
    flow[:, 0] = 100
    valid = torch.ones(4, 5, dtype=torch.bool)
    valid[0] = False
    assert end_point_error(flow, truth, valid=valid) == 5


def test_components_are_compared_one_by_one():
    flow, truth = torch.zeros(2, 2, 4, 5)
    flow[0], flow[1] = 3, -4
    assert mean_component_error(flow, truth) == 3.5
    assert mean_component_error(truth, flow) == 3.5


def brightness(first, second):
    """A flow that is easily foretold."""
    shift = (float(second.mean()) - float(first.mean())) / 255
    return np.full((*first.shape[:2], 2), shift, np.float32)


def test_motion_is_compared_with_motion():
    dark, bright = torch.zeros(3, 4, 4), torch.ones(3, 4, 4)
    assert flow_difference(brightness, (dark, bright), (dark, bright)) == 0
    assert flow_difference(brightness, (dark, bright), (dark, dark)) == pytest.approx(math.sqrt(2))
