import pytest
import torch

from rackfocus.losses.reconstruction import clipped_like, pixel_l1
from rackfocus.optics.radiometry import linear_to_srgb


def test_pixel_l1_counts_code_values():
    image, target = torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    image[0, 0, 0, 0] = 12 / 255
    assert pixel_l1(image, target).item() == pytest.approx(1.0)


def test_where_the_photograph_clips_more_light_is_no_error():
    rendered = torch.tensor([0.5, 5.0]).view(1, 1, 1, 2).expand(1, 3, 1, 2)
    white = torch.ones(1, 3, 1, 2)
    seen = clipped_like(rendered, white)[0, 0, 0]
    assert seen[1].item() == 1
    assert seen[0].item() == pytest.approx(linear_to_srgb(torch.tensor(0.5)).item())


def test_too_much_light_on_a_dark_photograph_has_a_gradient():
    """A plain clamp would leave a render that is far too bright where it is."""
    rendered = torch.full((1, 3, 1, 1), 20.0, requires_grad=True)
    dark = torch.full((1, 3, 1, 1), 0.2)
    pixel_l1(clipped_like(rendered, dark), linear_to_srgb(dark)).backward()
    assert (rendered.grad > 0).all()
