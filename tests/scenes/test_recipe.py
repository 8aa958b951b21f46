from functools import cache

import numpy as np
import pytest

from rackfocus.scenes.layouts.plain import LAYOUTS, has_lights, make_recipe
from rackfocus.scenes.recipe import Camera, Sky
from rackfocus.scenes.textures import TEXTURES

recipe_of = cache(make_recipe)


@pytest.mark.parametrize("seed", range(6))
def test_the_same_seed_makes_the_same_scene(seed):
    first, second = recipe_of(seed), make_recipe(seed)
    assert first.layout == list(LAYOUTS)[seed]
    assert (first.camera, first.sky, first.bulbs, first.subjects) == (
        second.camera, second.sky, second.bulbs, second.subjects,
    )  # fmt: skip
    assert len(first.parts) == len(second.parts)
    for a, b in zip(first.parts, second.parts, strict=True):
        assert a.material == b.material
        np.testing.assert_array_equal(a.mesh.vertices, b.mesh.vertices)


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 600, 1203])
def test_a_scene_stands_on_the_ground_and_has_known_materials(seed):
    recipe = recipe_of(seed)
    lowest = min(part.mesh.vertices[:, 2].min() for part in recipe.parts if part.material.kind != "foliage")
    assert -0.5 < lowest <= 0.0
    assert all(part.material.kind in TEXTURES for part in recipe.parts)
    assert all(np.isfinite(part.mesh.normals).all() for part in recipe.parts)
    assert bool(recipe.bulbs) == has_lights(seed)
    assert recipe.subjects


def test_scenes_of_one_layout_differ():
    first, second = recipe_of(0), recipe_of(6)
    assert first.layout == second.layout
    assert first.camera != second.camera
    assert first.parts[-1].material != second.parts[-1].material


@pytest.mark.parametrize("start", [0, 6, 600, 1200])
def test_two_of_six_scenes_have_lights(start):
    assert sum(has_lights(seed) for seed in range(start, start + 6)) == 2


def test_rays_and_projection_are_each_others_inverse():
    camera = Camera(position=(0.3, -0.2, 1.4), yaw=12.0, pitch=-8.0, fov=60.0)
    directions = camera.ray_directions(width=7, height=5)
    depth = np.linspace(1.0, 20.0, 35)
    points = np.asarray(camera.position) + directions.reshape(-1, 3) * depth[:, None]
    x, y = np.meshgrid(np.arange(7), np.arange(5))
    expected = np.stack([x.ravel(), y.ravel(), depth], axis=1)
    np.testing.assert_allclose(camera.project(points, width=7, height=5), expected, atol=1e-9)


def test_camera_looks_forward_turns_right_and_up():
    straight = Camera(position=(0.0, 0.0, 1.0), yaw=0.0, pitch=0.0, fov=90.0)
    np.testing.assert_allclose(straight.axes(), [[1, 0, 0], [0, 0, -1], [0, 1, 0]], atol=1e-12)
    assert straight.focal_length_px(100) == pytest.approx(50.0)
    turned = Camera(position=(0.0, 0.0, 1.0), yaw=30.0, pitch=0.0, fov=90.0).axes()[2]
    raised = Camera(position=(0.0, 0.0, 1.0), yaw=0.0, pitch=30.0, fov=90.0).axes()[2]
    np.testing.assert_allclose(turned, [0.5, np.sqrt(0.75), 0], atol=1e-12)
    np.testing.assert_allclose(raised, [0, np.sqrt(0.75), 0.5], atol=1e-12)


def test_panorama_is_brightest_towards_its_patch():
    grey = (0.1, 0.1, 0.1)
    sky = Sky(
        grey, grey, grey, 0.0, (1.0, 0.0, 0.0), (5.0, 5.0, 5.0), 9.0, (0.0, 0.0, 1.0), (0.0, 0.0, 0.0), 0
    )
    image = sky.panorama(32)
    row, column, _ = np.unravel_index(image.argmax(), image.shape)
    assert abs(row - 15.5) <= 0.5
    assert abs(column - 15.5) <= 0.5  # a quarter of 64 to the right
    assert image.dtype == np.float32
