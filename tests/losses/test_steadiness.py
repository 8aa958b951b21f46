import math

import pytest
import torch
import torch.nn.functional as F

from rackfocus.losses import steadiness
from rackfocus.losses.steadiness import steadiness_loss, taken_again


def seeded():
    return torch.Generator().manual_seed(3)


def still(size=(1, 1, 20, 30)):
    return F.affine_grid(torch.eye(2, 3).expand(size[0], 2, 3), list(size), align_corners=False)


def test_difference_in_pixels():
    disparity = torch.rand(2, 1, 20, 30, generator=seeded())
    grid = still((2, 1, 20, 30))
    assert float(steadiness_loss(disparity, disparity, grid)) < 1e-6
    assert float(steadiness_loss(disparity, disparity + 0.5, grid)) == pytest.approx(0.5, rel=1e-5)


def test_what_comes_from_beyond_the_picture_does_not_count():
    disparity = torch.rand(1, 1, 20, 30, generator=seeded())
    grid = still() + torch.tensor([2 * 10 / 30, 0.0])
    again = torch.full_like(disparity, 1e6)
    again[..., :20] = disparity[..., 10:]
    assert float(steadiness_loss(disparity, again, grid)) < 1e-5


def test_a_picture_is_moved_as_its_disparity_is():
    ramp = torch.linspace(0, 1, 60).expand(1, 3, 40, 60).clone()
    again = taken_again(ramp, seeded())
    moved = F.grid_sample(ramp, again.grid, padding_mode="border", align_corners=False)
    gain, noise = steadiness.BRIGHTNESS, steadiness.NOISE
    assert float((again.image - moved).abs().max()) < gain + 6 * noise
    assert float((again.image - moved).abs().mean()) > 0


def test_a_turn_keeps_angles_and_the_bounds_hold(monkeypatch):
    monkeypatch.setattr(steadiness, "SHIFT", 0.0)
    height, width = 40, 60
    grid = taken_again(torch.rand(8, 3, height, width, generator=seeded()), seeded()).grid
    pixels = grid * torch.tensor([width / 2, height / 2])
    right, down = pixels[:, 0, 1] - pixels[:, 0, 0], pixels[:, 1, 0] - pixels[:, 0, 0]
    torch.testing.assert_close((right * down).sum(dim=1), torch.zeros(8), atol=1e-4, rtol=0)
    scale, angle = right.norm(dim=1), torch.atan2(right[:, 1], right[:, 0])
    torch.testing.assert_close(scale, down.norm(dim=1), atol=1e-4, rtol=0)
    assert ((scale - 1).abs() <= steadiness.ZOOM + 1e-4).all()
    assert (angle.abs() <= math.radians(steadiness.TURN_DEG) + 1e-4).all()
    assert len(set(angle.tolist())) == 8


def test_the_generator_decides():
    image = torch.rand(1, 3, 20, 30, generator=seeded())
    one, same = taken_again(image, seeded()), taken_again(image, seeded())
    assert torch.equal(one.image, same.image)
    assert torch.equal(one.grid, same.grid)


def test_gradcheck():
    disparity, again = torch.rand(2, 1, 1, 4, 5, dtype=torch.float64, generator=seeded())[:, None, 0]
    grid = taken_again(torch.rand(1, 3, 4, 5, dtype=torch.float64, generator=seeded()), seeded()).grid
    torch.autograd.gradcheck(
        lambda a, b: steadiness_loss(a, b, grid), (disparity.requires_grad_(), again.requires_grad_())
    )
