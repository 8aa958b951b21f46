import numpy as np
import pytest

from rackfocus.scenes import mitsuba_shapes
from rackfocus.scenes.geometry import quad
from rackfocus.scenes.layouts.plain import make_recipe
from rackfocus.scenes.layouts.rich import FIRST_RICH_SEED, RICH_LAYOUTS, scene_of_seed
from rackfocus.scenes.lens import SceneLens
from rackfocus.scenes.objects import fine_models as models
from rackfocus.scenes.recipe import Camera, Haze, Material, Part, SceneRecipe, Sky
from rackfocus.scenes.renderer import SceneRenderer


@pytest.fixture(scope="module")
def mitsuba():
    pytest.importorskip("mitsuba", reason="rackfocus[scenes] is not installed")
    return mitsuba_shapes.load_mitsuba("scalar_rgb")


@pytest.mark.parametrize("seed", range(FIRST_RICH_SEED, FIRST_RICH_SEED + 4))
def test_the_same_seed_makes_the_same_rich_scene(seed):
    first, second = scene_of_seed(seed), scene_of_seed(seed)
    assert first.layout == list(RICH_LAYOUTS)[seed % 4]
    assert (first.camera, first.haze, first.sky, first.bulbs) == (
        second.camera, second.haze, second.sky, second.bulbs,
    )  # fmt: skip
    for a, b in zip(first.parts, second.parts, strict=True):
        assert a.material == b.material
        np.testing.assert_array_equal(a.mesh.vertices, b.mesh.vertices)
    assert all(np.isfinite(part.mesh.normals).all() for part in first.parts)
    assert first.subjects


def test_smaller_seeds_are_the_plain_scenes():
    assert scene_of_seed(1200).camera == make_recipe(1200).camera
    assert scene_of_seed(1999).haze is None


@pytest.mark.parametrize("seed", [2000, 2003])
def test_panoramas_have_light_far_above_white(seed):
    image = scene_of_seed(seed).sky.panorama()
    assert image.shape == (256, 512, 3)
    assert image.dtype == np.float32
    assert image.max() > 100
    assert np.median(image) < 2


def test_trees_have_translucent_leaves_and_a_tube_has_its_area():
    assert [part.material.translucent for part in models.leafy_tree(np.random.default_rng(0))] == [
        False,
        True,
    ]
    line = np.linspace((0.0, 0.0, 0.0), (0.0, 0.0, 2.0), 5)
    mesh = models.tube(line, np.full(5, 0.1))
    corners = mesh.vertices[mesh.faces]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert np.linalg.norm(facing, axis=1).sum() / 2 == pytest.approx(16 * 0.1 * 2.0 * np.sin(np.pi / 8))
    assert (np.einsum("fi,fi->f", facing, mesh.normals[mesh.faces[:, 0]]) > 0).all()


def flat_sky(value: float) -> Sky:
    up = (0.0, 0.0, 1.0)
    return Sky((value,) * 3, (value,) * 3, (value,) * 3, 0.0, up, (0.0,) * 3, 1.0, up, (0.0,) * 3, 0)


def recipe_of(parts, sky, camera, haze=None):
    about = {"seed": 0, "layout": "test", "key": 0.2, "blur_px": 5.0}
    return SceneRecipe(parts=parts, sky=sky, camera=camera, haze=haze, **about)


def look(mitsuba, parts, *, haze=None, sky=0.5):
    camera = Camera((0.0, 0.0, 1.5), yaw=0.0, pitch=0.0, fov=40.0)
    recipe = recipe_of(tuple(parts), flat_sky(sky), camera, haze)
    renderer = SceneRenderer(mitsuba, recipe, width=9, height=7, exposure=2.0)
    lens = SceneLens(camera.focal_length_px(9), 1e-4, 5.0, 5.0)
    return renderer.image(lens, aperture_ratio=1.0, focus_m=5.0, samples=25, seed=0)


def test_haze_is_exact_along_the_ray(mitsuba):
    wall = [
        Part(quad((-50.0, 20.0, -50.0), (100.0, 0, 0), (0, 0, 100.0)), Material("plaster", 0, (0.4,) * 3))
    ]
    haze = Haze(density=0.03, airlight=(0.1, 0.2, 0.3), height_m=60.0)
    clear, dim = look(mitsuba, wall)[3, 4], look(mitsuba, wall, haze=haze)[3, 4]
    share = np.exp(-0.03 * 20.0)
    np.testing.assert_allclose(dim, clear * share + 2.0 * np.array([0.1, 0.2, 0.3]) * (1 - share), rtol=0.01)
    sky = look(mitsuba, [], haze=haze)
    np.testing.assert_allclose(sky[6, 4], [0.2, 0.4, 0.6], rtol=1e-3)  # below the horizon it has no end


def test_light_from_behind_comes_through_leaves_only(mitsuba):
    """A sheet under a sky whose light comes from behind it."""
    up = (0.0, 0.0, 1.0)
    back = Sky((0.0,) * 3, (0.0,) * 3, (0.0,) * 3, 0.0, (0.0, 1.0, 0.0), (5.0,) * 3, 8.0, up, (0.0,) * 3, 0)
    camera = Camera((0.0, 0.0, 1.5), yaw=0.0, pitch=0.0, fov=40.0)
    seen = []
    for translucent in (False, True):
        sheet = quad((-50.0, 5.0, -50.0), (100.0, 0, 0), (0, 0, 100.0))
        parts = (Part(sheet, Material("plaster", 0, (0.4,) * 3, translucent)),)
        recipe = recipe_of(parts, back, camera)
        renderer = SceneRenderer(mitsuba, recipe, width=9, height=7, exposure=1.0)
        lens = SceneLens(camera.focal_length_px(9), 1e-4, 5.0, 5.0)
        seen.append(renderer.image(lens, aperture_ratio=1.0, focus_m=5.0, samples=49, seed=0).mean())
    assert seen[1] > 20 * max(seen[0], 1e-3)
