import math

import pytest
import torch
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from rackfocus.metrics.image import psnr, psnr_of_displayed, ssim, ssim_of_displayed
from rackfocus.optics.radiometry import srgb_to_linear


def test_psnr_of_a_known_difference():
    truth = srgb_to_linear(torch.full((1, 3, 8, 8), 0.5))
    image = srgb_to_linear(torch.full((1, 3, 8, 8), 0.6))
    assert psnr(image, truth).item() == pytest.approx(20, abs=1e-3)


def test_what_clips_on_both_sides_is_no_difference():
    assert math.isinf(psnr(torch.full((1, 3, 4, 4), 3.0), torch.full((1, 3, 4, 4), 90.0)).item())


def test_ssim_of_itself_and_of_noise(generator):
    image = torch.rand(1, 3, 32, 32, generator=generator)
    assert ssim(image, image).item() == pytest.approx(1)
    assert ssim(torch.rand(1, 3, 32, 32, generator=generator), image).item() < 0.2


def test_ssim_of_constants_by_the_formula():
    """Without variance SSIM is (2ab + c1) / (a^2 + b^2 + c1), c1 = .01^2."""
    a, b = 0.2, 0.8
    encoded = [srgb_to_linear(torch.full((1, 3, 32, 32), v)) for v in (a, b)]
    expected = (2 * a * b + 1e-4) / (a * a + b * b + 1e-4)
    assert ssim(*encoded).item() == pytest.approx(expected, abs=1e-4)


def test_of_encoded_images_they_are_torchmetrics(generator):
    image, truth = torch.rand(2, 1, 3, 40, 56, generator=generator)
    assert psnr_of_displayed(image, truth) == peak_signal_noise_ratio(image, truth, data_range=1.0)
    assert ssim_of_displayed(image, truth) == structural_similarity_index_measure(
        image, truth, data_range=1.0
    )
    linear = [srgb_to_linear(each) for each in (image, truth)]
    assert psnr(*linear).item() == pytest.approx(psnr_of_displayed(image, truth).item(), abs=1e-4)
    assert ssim(*linear).item() == pytest.approx(ssim_of_displayed(image, truth).item(), abs=1e-5)
