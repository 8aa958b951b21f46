import numpy as np
import pytest

from rackfocus.scenes.textures import TEXELS, TEXTURES, fractal_noise, make_texture

TINT = (0.4, 0.3, 0.2)


@pytest.mark.parametrize("kind", sorted(TEXTURES))
def test_tile_is_an_albedo_of_its_seed(kind):
    texture = make_texture(kind, seed=5, tint=TINT)
    assert texture.albedo.shape == (TEXELS, TEXELS, 3)
    assert texture.albedo.dtype == np.float32
    assert 0.02 <= texture.albedo.min() < texture.albedo.max() <= 0.9
    make_texture.cache_clear()
    np.testing.assert_array_equal(texture.albedo, make_texture(kind, seed=5, tint=TINT).albedo)
    assert not np.array_equal(texture.albedo, make_texture(kind, seed=6, tint=TINT).albedo)


@pytest.mark.parametrize("kind", ["asphalt", "plaster", "cobbles", "foliage", "bricks", "planks"])
def test_tile_repeats_without_a_seam(kind):
    albedo = make_texture(kind, seed=1, tint=TINT).albedo
    for axis in (0, 1):
        steps = np.abs(np.diff(albedo, axis=axis)).mean(axis=(1 - axis, 2))
        seam = np.abs(albedo.take(0, axis) - albedo.take(-1, axis)).mean()
        assert seam <= steps.max() + 1e-6


def test_noise_has_unit_variance_and_no_mean():
    noise = fractal_noise(np.random.default_rng(0))
    assert abs(noise.mean()) < 1e-9
    assert noise.std() == pytest.approx(1.0)


def test_unknown_kind():
    with pytest.raises(KeyError):
        make_texture("velvet", seed=0, tint=TINT)
