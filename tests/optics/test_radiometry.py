import math

import pytest
import torch

from rackfocus.optics import radiometry


@pytest.mark.parametrize(
    ("decode", "encode"),
    [
        (radiometry.srgb_to_linear, radiometry.linear_to_srgb),
        (radiometry.bt709_to_linear, radiometry.linear_to_bt709),
    ],
)
def test_curves_invert_each_other_beyond_black_and_white(decode, encode):
    encoded = torch.linspace(-1, 4, 2001, dtype=torch.float64)
    torch.testing.assert_close(encode(decode(encoded)), encoded, atol=2e-4, rtol=0)
    assert decode(torch.zeros(1)).item() == 0
    assert decode(torch.ones(1)).item() == pytest.approx(1, abs=1e-6)


def test_known_values():
    assert radiometry.srgb_to_linear(torch.tensor(0.5)).item() == pytest.approx(0.21404, abs=1e-5)
    assert radiometry.linear_to_bt709(torch.tensor(0.18)).item() == pytest.approx(0.4090, abs=1e-4)
    assert radiometry.srgb_to_linear(torch.tensor(0.02)).item() == pytest.approx(0.02 / 12.92)


@pytest.mark.parametrize(
    "curve",
    [
        radiometry.srgb_to_linear,
        radiometry.linear_to_srgb,
        radiometry.bt709_to_linear,
        radiometry.linear_to_bt709,
    ],
)
def test_gradients_are_finite_everywhere(curve):
    values = torch.tensor([-0.5, 0.0, 1e-8, 0.01, 0.5, 1.0, 30.0], requires_grad=True)
    curve(values).sum().backward()
    assert values.grad.isfinite().all()
    assert (values.grad > 0).all()


def test_log_exposure_is_equation_4():
    image = torch.full((1, 3, 2, 2), 0.25)
    exposure = torch.full((1, 3, 2, 2), math.log(8) / 50)
    torch.testing.assert_close(radiometry.apply_log_exposure(image, exposure), torch.full_like(image, 2.0))


def test_luma_of_the_primaries():
    image = torch.eye(3).view(3, 3, 1, 1)
    assert radiometry.luma(image).flatten().tolist() == pytest.approx([0.2126, 0.7152, 0.0722])


def test_luma_is_not_rounded_by_mixed_precision():
    image = torch.rand(2, 3, 5, 7, generator=torch.Generator().manual_seed(1))
    expected = (torch.tensor([0.2126, 0.7152, 0.0722]).reshape(3, 1, 1) * image).sum(dim=1, keepdim=True)
    with torch.autocast("cpu", torch.bfloat16):
        found = radiometry.luma(image)
    torch.testing.assert_close(found, expected)
