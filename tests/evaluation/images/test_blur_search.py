import pytest
import torch

from rackfocus.evaluation.images.blur_search import STRENGTHS, Blur, normalise, render_blur, search_blur
from rackfocus.metrics.image import psnr


@pytest.fixture(scope="module")
def scene():
    generator = torch.Generator().manual_seed(5)
    radiance = torch.rand(1, 3, 120, 160, generator=generator)
    disparity = torch.linspace(-4, 9, 160).expand(1, 1, 120, 160).clone()
    disparity[..., 30:80, 40:90] = -6
    return radiance, disparity


def test_normalised_disparity_has_no_units(scene):
    _, disparity = scene
    normalised = normalise(disparity)
    assert (normalised.min(), normalised.max()) == (0, 1)
    torch.testing.assert_close(normalise(5 * disparity - 100), normalised, atol=1e-5, rtol=0)
    assert not normalise(torch.full_like(disparity, 3.0)).any()


def test_outliers_do_not_stretch_the_range(scene):
    _, disparity = scene
    wild = disparity.clone()
    wild[..., 0, 0] = 1e4
    assert normalise(wild)[..., 0, 0] == 1
    torch.testing.assert_close(
        normalise(wild)[..., 1:, :], normalise(disparity)[..., 1:, :], atol=0.01, rtol=0
    )


@pytest.mark.parametrize("focus", [0.0, 0.6])
def test_the_camera_that_took_it_is_found(scene, focus):
    radiance, disparity = scene
    normalised = normalise(disparity)
    true = Blur(0.03, focus)
    photograph = render_blur(radiance, normalised, true)
    found = search_blur(radiance, normalised, photograph)
    assert found.strength == pytest.approx(true.strength, rel=0.2)
    assert found.focus == pytest.approx(true.focus, abs=0.07)
    found_psnr = psnr(render_blur(radiance, normalised, found), photograph)
    assert found_psnr > psnr(radiance, photograph) + 8


def test_what_is_not_blurred_stays_so(scene):
    radiance, disparity = scene
    assert search_blur(radiance, normalise(disparity), radiance).strength == 0
    assert min(STRENGTHS) > 0
