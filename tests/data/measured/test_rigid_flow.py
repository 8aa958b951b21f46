import math

import pytest
import torch

from rackfocus.data.evaluation_samples import Camera
from rackfocus.data.measured.rigid_flow import rigid_flow

INTRINSICS = torch.tensor([[50.0, 0, 9.5], [0, 40.0, 5.5], [0, 0, 1]])


def camera(x=0.0, y=0.0, z=0.0, *, yaw=0.0):
    pose = torch.eye(4)
    pose[:3, 3] = torch.tensor([x, y, z])
    pose[0, 0] = pose[2, 2] = math.cos(yaw)
    pose[0, 2], pose[2, 0] = math.sin(yaw), -math.sin(yaw)
    return Camera(INTRINSICS, pose)


def test_a_step_to_the_side_moves_by_focal_length_over_depth():
    flow, known = rigid_flow(torch.full((1, 12, 20), 2.0), camera(), camera(x=0.1, y=-0.2))
    assert known.all()
    torch.testing.assert_close(flow[0], torch.full((12, 20), -50 * 0.1 / 2))
    torch.testing.assert_close(flow[1], torch.full((12, 20), 40 * 0.2 / 2))


def test_brute_force(generator):
    depth = torch.rand(1, 12, 20, generator=generator) * 3 + 1
    first, second = camera(0.1, 0.2, -0.3, yaw=0.2), camera(-0.2, 0.1, 0.4, yaw=-0.1)
    flow, _ = rigid_flow(depth, first, second)
    for y, x in ((0, 0), (5, 7), (11, 19)):
        ray = torch.tensor([(x - 9.5) / 50, (y - 5.5) / 40, 1.0]) * depth[0, y, x]
        world = first.camera_to_world @ torch.tensor([*ray, 1.0])
        seen = INTRINSICS @ (second.camera_to_world.inverse() @ world)[:3]
        want = seen[:2] / seen[2] - torch.tensor([float(x), float(y)])
        torch.testing.assert_close(flow[:, y, x], want, rtol=0, atol=1e-4)


def test_no_depth_and_behind_the_camera():
    depth = torch.full((1, 12, 20), 2.0)
    depth[0, 0, 0] = 0
    flow, known = rigid_flow(depth, camera(), camera())
    assert flow.abs().max().item() == pytest.approx(0, abs=1e-5)
    assert (~known).nonzero().tolist() == [[0, 0, 0]]
    flow, known = rigid_flow(depth, camera(), camera(z=3.0))
    assert not known.any()
    assert torch.all(flow == 0)
