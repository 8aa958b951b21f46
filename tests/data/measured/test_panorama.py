import math

import pytest
import torch

from rackfocus.data.measured.panorama import natural_width, perspective_view


def directions(height, width):
    """The unit vector (right, down, ahead) of each pixel of a panorama."""
    longitude = ((torch.arange(width) + 0.5) / width - 0.5) * 2 * math.pi
    latitude = (0.5 - (torch.arange(height) + 0.5) / height)[:, None] * math.pi
    across = torch.cos(latitude)
    return torch.stack(
        [
            across * torch.sin(longitude),
            -torch.sin(latitude).expand(height, width),
            across * torch.cos(longitude),
        ]
    )


@pytest.mark.parametrize("yaw", [0, 90, 180, -135, 720])
@pytest.mark.parametrize("size", [(36, 48), (35, 21)])
def test_view_sees_along_the_rays_of_a_pinhole(yaw, size):
    panorama = directions(256, 512)
    view = perspective_view(panorama, yaw_deg=yaw, field_of_view_deg=100, size=size)
    focal = size[1] / 2 / math.tan(math.radians(50))
    turn = math.radians(yaw)
    want = torch.empty_like(view)
    for row in range(size[0]):
        for column in range(size[1]):
            x, y = (column - (size[1] - 1) / 2) / focal, (row - (size[0] - 1) / 2) / focal
            length = math.sqrt(x * x + y * y + 1)
            want[:, row, column] = torch.tensor(
                [
                    (x * math.cos(turn) + math.sin(turn)) / length,
                    y / length,
                    (-x * math.sin(turn) + math.cos(turn)) / length,
                ]
            )
    torch.testing.assert_close(view, want, rtol=0, atol=2e-4)


def test_a_constant_stays_and_poles_are_seen():
    panorama = torch.full((3, 64, 128), 7.5)
    view = perspective_view(panorama, yaw_deg=33, field_of_view_deg=160, size=(400, 60))
    assert torch.all((view - 7.5).abs() < 1e-5)


def test_natural_width_keeps_the_scale_ahead():
    width = natural_width(1024, 90)
    assert width == 326
    panorama = (torch.arange(1024.0) + 0.5).expand(1, 512, 1024)
    view = perspective_view(panorama, yaw_deg=0, field_of_view_deg=90, size=(2, width))
    assert (view[0, 0, 163] - view[0, 0, 162]).item() == pytest.approx(1, abs=0.01)
