import math

import pytest
import torch

from rackfocus import Lens, render
from rackfocus.optics import bands
from rackfocus.optics.bands import render_bands
from rackfocus.optics.lens_shapes import CatEye, Disk

HEIGHT, WIDTH = 240, 64


@pytest.fixture
def scene():
    """A near bar before a far plane, with lights, so that layers, fill and room all play a part."""
    generator = torch.Generator().manual_seed(0)
    light = torch.rand(1, 3, HEIGHT, WIDTH, generator=generator)
    disparity = 3 + torch.rand(1, HEIGHT, WIDTH, generator=generator)
    disparity[:, 70:150, 20:40] = -5.5
    log_exposure = 0.05 * (torch.rand(1, 3, HEIGHT, WIDTH, generator=generator) > 0.98)
    return light, disparity, log_exposure


def _rendered(scene, lens, formulation, parts):
    light, disparity, log_exposure = scene
    found = [
        render(
            light[:, :, rows], disparity[None, :, rows], log_exposure[:, :, rows],
            lens=lens, formulation=formulation,
        )[:, :, inside]
        for rows, inside in parts
    ]  # fmt: skip
    return torch.cat(found, dim=2)


@pytest.mark.parametrize("formulation", ["coverage", "transmittance", "weighted_sum"])
def test_bands_differ_from_the_whole_by_rounding_only(scene, formulation, monkeypatch):
    monkeypatch.setattr(bands, "BAND_PIXELS", 60 * WIDTH)
    lens = Lens(f_number=1.8)
    parts = list(render_bands(scene[1], lens))
    assert len(parts) == 4
    assert parts[0][0].stop < HEIGHT
    assert parts[3][0].start > 0
    whole = _rendered(scene, lens, formulation, [(slice(None), slice(None))])
    assert torch.allclose(_rendered(scene, lens, formulation, parts), whole, rtol=1e-5, atol=1e-5)


def test_every_row_is_in_one_band(monkeypatch):
    monkeypatch.setattr(bands, "BAND_PIXELS", 50 * WIDTH)
    parts = list(render_bands(torch.full((1, HEIGHT, WIDTH), 2.0), Lens()))
    covered = [row for rows, inside in parts for row in range(HEIGHT)[rows][inside]]
    assert covered == list(range(HEIGHT))


@pytest.mark.parametrize(
    ("pixels", "shape"),
    [(HEIGHT * WIDTH, Disk()), (50 * WIDTH, CatEye(strength=0.5))],
    ids=["small", "varies"],
)
def test_what_is_rendered_whole(pixels, shape, monkeypatch):
    monkeypatch.setattr(bands, "BAND_PIXELS", pixels)
    parts = list(render_bands(torch.full((1, HEIGHT, WIDTH), math.pi), Lens(shape=shape)))
    assert parts == [(slice(0, HEIGHT), slice(0, HEIGHT))]
