import math

import torch

from rackfocus.metrics.image import displayed
from rackfocus.metrics.lights import LIGHT, light_mask, light_psnr


def scene():
    radiance = torch.full((1, 3, 24, 30), 0.5)
    radiance[0, 1, 10, 12] = 2 * LIGHT
    disparity = torch.full((1, 1, 24, 30), -3.2)
    return radiance, disparity


def test_the_neighbourhood_is_the_blur_disk():
    radiance, disparity = scene()
    y, x = torch.meshgrid(torch.arange(24), torch.arange(30), indexing="ij")
    assert torch.equal(light_mask(radiance, disparity)[0, 0], (y - 10) ** 2 + (x - 12) ** 2 <= 4**2)


def test_a_light_in_focus_still_has_its_neighbours():
    radiance, disparity = scene()
    assert light_mask(radiance, torch.zeros_like(disparity)).sum() == 5


def test_what_is_only_white_is_no_light():
    radiance, disparity = scene()
    assert not light_mask(radiance.clamp_max(LIGHT), disparity).any()
    assert math.isnan(light_psnr(radiance, radiance, radiance.clamp_max(1), disparity).item())


def test_only_the_neighbourhood_counts():
    radiance, disparity = scene()
    mask = light_mask(radiance, disparity).expand(1, 3, -1, -1)
    truth = torch.full_like(radiance, 0.2)
    image = torch.where(mask, 0.4, 0.9)
    step = displayed(torch.tensor([[[[0.4]]]])) - displayed(torch.tensor([[[[0.2]]]]))
    expected = -20 * math.log10(step.item())
    torch.testing.assert_close(
        light_psnr(image, truth, radiance, disparity).item(), expected, atol=1e-3, rtol=0
    )
