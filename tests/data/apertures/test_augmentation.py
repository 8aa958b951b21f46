import dataclasses

import pytest
import torch

from rackfocus.data.apertures.augmentation import RandomView, expose, resize
from rackfocus.data.apertures.raytraced import RaytracedScenes
from rackfocus.data.apertures.sample import FocusSample
from rackfocus.metrics.image import psnr
from rackfocus.optics import render
from rackfocus.optics.radiometry import linear_to_srgb, srgb_to_linear
from rackfocus.types import InputError


def sample(height=24, width=36, *, brightest=0.9, seed=0):
    generator = torch.Generator().manual_seed(seed)
    deep, shallow, adjusted = brightest * torch.rand(3, 3, height, width, generator=generator)
    return FocusSample(
        name="noise",
        deep=deep,
        shallow=shallow,
        adjusted=adjusted,
        aperture_ratio=0.25,
        focal_disparity=2.0,
        disparity=torch.rand(1, height, width, generator=generator),
        radiance=deep * 2,
    )


def rendered_sample(height=96, width=128, *, gain=1.0):
    """Smooth light through the renderer, as a camera would have taken it: clipped."""
    coarse = torch.rand(1, 3, 6, 8, generator=torch.Generator().manual_seed(0))
    radiance = gain * torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic").clamp_min(
        0
    )
    ramp = torch.linspace(-6, 8, width).expand(1, 1, height, width).contiguous()
    shallow = render(radiance, ramp).clamp(0, 1)[0]
    return FocusSample(
        name="rendered",
        deep=linear_to_srgb(radiance.clamp(0, 1))[0],
        shallow=shallow,
        adjusted=shallow,
        focal_disparity=0.0,
        disparity=ramp[0],
        radiance=radiance[0],
    )


def white(one):
    return float((one.deep > 254.5 / 255).float().mean())


def view(one, seed=0, **settings):
    return RandomView(**settings)(one, torch.Generator().manual_seed(seed))


def test_a_view_is_decided_by_its_generator():
    settings = {"shorter_side_px": (12, 30), "crop_px": 16, "exposure_stops": (-1, 1)}
    torch.testing.assert_close(view(sample(), 5, **settings).deep, view(sample(), 5, **settings).deep)
    others = [view(sample(), seed, **settings) for seed in range(20)]
    assert len({other.focal_disparity for other in others}) > 5
    assert len({float(other.deep.max()) for other in others}) > 15


def test_all_of_the_range_of_sizes_is_drawn():
    sides = {view(sample(), seed, shorter_side_px=(24, 27)).deep.shape[-2] for seed in range(60)}
    assert sides == {24, 25, 26, 27}


def test_disparity_scales_exactly_with_the_image():
    flat = dataclasses.replace(sample(24, 36), disparity=torch.full((1, 24, 36), 3.0), focal_disparity=-2.0)
    for size, scale in (((12, 18), 0.5), ((48, 72), 2.0), ((8, 12), 1 / 3)):
        scaled = resize(flat, size)
        assert scaled.focal_disparity == pytest.approx(-2.0 * scale, rel=1e-12)
        torch.testing.assert_close(scaled.disparity, torch.full((1, *size), 3.0 * scale))
        assert scaled.aperture_ratio == 0.25
        assert scaled.radiance.shape == scaled.deep.shape == (3, *size)


def test_resizing_scales_disparity_and_blur_together():
    """Rendering the resized deep image with the resized disparity gives the resized shallow image."""
    whole = dataclasses.replace(rendered_sample(), radiance=None)
    half = view(whole, shorter_side_px=(48, 48))
    assert half.deep.shape == (3, 48, 64)
    rendered = render(srgb_to_linear(half.deep)[None], half.disparity[None])[0]
    assert (rendered - half.shallow).abs().mean() < 0.004
    unscaled = render(srgb_to_linear(half.deep)[None], 2 * half.disparity[None])[0]
    assert (unscaled - half.shallow).abs().mean() > 0.01


def test_images_are_resized_in_linear_light():
    """Black and white in turn: half of the light, whatever the code values say."""
    stripes = torch.tensor([0.0, 1.0]).repeat(32).expand(3, 64, 64).contiguous()
    one = dataclasses.replace(sample(64, 64), deep=stripes, shallow=stripes, adjusted=stripes)
    small = resize(one, (16, 16))
    inside = slice(2, -2)
    torch.testing.assert_close(srgb_to_linear(small.deep), small.shallow)
    assert srgb_to_linear(small.deep)[:, inside, inside].mean() == pytest.approx(0.5, abs=0.01)


def test_crops_and_mirrors_move_all_images_alike():
    one = sample()
    linear = srgb_to_linear(one.deep)
    marked = dataclasses.replace(one, shallow=linear, adjusted=linear, radiance=linear, disparity=linear[:1])
    mirrored = 0
    for seed in range(8):
        seen = view(marked, seed, shorter_side_px=(24, 24), crop_px=15)
        assert max(seen.deep.shape) <= 15
        light = srgb_to_linear(seen.deep)
        for other in (seen.shallow, seen.adjusted, seen.radiance):
            torch.testing.assert_close(other, light)
        torch.testing.assert_close(seen.disparity, light[:1])
        whole = view(one, seed, shorter_side_px=(24, 24))
        mirrored += bool(torch.equal(whole.deep, one.deep.flip(-1)))
        assert torch.equal(whole.deep, one.deep) or torch.equal(whole.deep, one.deep.flip(-1))
    assert 0 < mirrored < 8


def test_brightening_clipped_photographs_is_exact():
    """clip(g clip(x)) = clip(g x): as if the camera had been set so."""
    exposed, truth = expose(rendered_sample(gain=1.5), 0.7), rendered_sample(gain=1.5 * 2**0.7)
    assert white(truth) > 0.2
    for field in ("deep", "shallow", "adjusted", "radiance"):
        torch.testing.assert_close(getattr(exposed, field), getattr(truth, field), atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("stops", [-2.0, -0.5, 0.5, 1.5])
def test_exposing_commutes_with_rendering_up_to_clipping(stops):
    exposed = expose(rendered_sample(gain=0.8), stops)
    rendered = render(exposed.radiance[None], exposed.disparity[None])[0].clamp(0, 1)
    torch.testing.assert_close(rendered, exposed.shallow, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(
        srgb_to_linear(exposed.deep), exposed.radiance.clamp(0, 1), atol=2e-5, rtol=1e-4
    )


def test_ray_traced_photographs_stay_as_near_to_the_renderer(raytraced):
    """What is left is the renderer's own error, and a scene with lights keeps them white."""
    for index in (0, 4):
        plain = RaytracedScenes(raytraced, "train")[index]
        exposed = expose(plain, 1.0)
        before, after = (
            float(psnr(render(one.radiance[None], one.disparity[None]).clamp(0, 1), one.shallow[None]))
            for one in (plain, exposed)
        )
        assert after > before - 6.1  # twice the light is twice the error, at most
        assert white(exposed) > white(plain)


def test_clipped_photographs_are_never_darkened():
    clipped = rendered_sample(gain=2)
    assert expose(clipped, -1) is clipped
    for seed in range(5):
        seen = view(clipped, seed, shorter_side_px=(96, 96), exposure_stops=(-2, -1))
        assert float(seen.deep.max()) == pytest.approx(1)
    pair = dataclasses.replace(sample(), adjusted=torch.ones(3, 24, 36))
    assert expose(pair, -1) is pair
    assert float(expose(sample(), -1).shallow.max()) < 0.46


@pytest.mark.parametrize(
    "settings",
    [
        {"shorter_side_px": (0, 4)},
        {"shorter_side_px": (8, 4)},
        {"shorter_side_px": (4, 8), "crop_px": 0},
        {"shorter_side_px": (4, 8), "exposure_stops": (1, 0)},
    ],
)
def test_what_makes_no_sense_is_told(settings):
    with pytest.raises(InputError, match=r"must be"):
        RandomView(**settings)
