"""The renderer against geometry that is known exactly; all in `scalar_rgb`, which runs anywhere."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from rackfocus.scenes import mitsuba_shapes, triplet_jobs, triplets
from rackfocus.scenes.files import read_depth, read_disparity, read_hdr, read_srgb
from rackfocus.scenes.geometry import ball, box, quad
from rackfocus.scenes.lens import SceneLens
from rackfocus.scenes.recipe import Bulb, Camera, Material, Part, SceneRecipe, Sky
from rackfocus.scenes.renderer import SceneRenderer, low_pass
from rackfocus.types import InputError

GREY = Material("plaster", 0, (0.4, 0.4, 0.4))
SKY = Sky(
    (0.5,) * 3, (0.5,) * 3, (0.5,) * 3, 0.0, (0.0, 0.0, 1.0), (0.0,) * 3, 1.0, (0.0, 0.0, 1.0), (0.0,) * 3, 0
)
WIDTH, HEIGHT = 65, 49
KEY = 0.2


@pytest.fixture(scope="module")
def mitsuba():
    pytest.importorskip("mitsuba", reason="rackfocus[scenes] is not installed")
    return mitsuba_shapes.load_mitsuba("scalar_rgb")


def recipe(*, parts=(), bulbs=(), height=1.5, pitch=0.0, fov=60.0) -> SceneRecipe:
    camera = Camera(position=(0.0, 0.0, height), yaw=0.0, pitch=pitch, fov=fov)
    return SceneRecipe(
        seed=0, layout="test", parts=tuple(parts), bulbs=tuple(bulbs), sky=SKY, camera=camera,
        subjects=(), key=KEY, blur_px=5.0,
    )  # fmt: skip


def bulb_seen_at(column: int, row: int, depth: float, camera: Camera) -> Bulb:
    centre = (
        np.asarray(camera.position) + camera.ray_directions(width=WIDTH, height=HEIGHT)[row, column] * depth
    )
    x, y, z = (float(value) for value in centre)
    return Bulb((x, y, z), 0.004 * depth, (100.0, 50.0, 25.0))


def glow(mitsuba, scene: SceneRecipe, lens: SceneLens) -> np.ndarray:
    """What the bulbs add to the picture."""

    def image(lit: SceneRecipe) -> np.ndarray:
        renderer = SceneRenderer(mitsuba, lit, width=WIDTH, height=HEIGHT)
        return renderer.image(lens, aperture_ratio=1.0, focus_m=lens.focus_m, samples=121, seed=1)

    return image(scene) - image(replace(scene, bulbs=()))


@pytest.mark.parametrize("depth", [2.0, 4.0, 9.0])
def test_a_bokeh_ball_has_radius_disparity_and_the_energy_of_its_bulb(mitsuba, depth):
    scene = recipe(fov=12.0)  # a small aperture, so that its rim is as far as its middle
    bulb = bulb_seen_at(40, 18, depth, scene.camera)
    focal_length_px = scene.camera.focal_length_px(WIDTH)
    lens = SceneLens(focal_length_px, 40.0 / focal_length_px, 4.0, 4.0)
    image = glow(mitsuba, recipe(bulbs=[bulb], fov=12.0), lens)
    weight = image[..., 0] / image[..., 0].sum()
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    centre_x, centre_y = float((weight * x).sum()), float((weight * y).sum())
    assert (centre_x, centre_y) == (pytest.approx(40.0, abs=0.1), pytest.approx(18.0, abs=0.1))
    spread = float((weight * ((x - centre_x) ** 2 + (y - centre_y) ** 2)).sum())
    size_px = focal_length_px * bulb.radius_m / depth
    disparity = float(lens.disparity(np.array(depth)))
    # A uniform disk of radius r has mean square radius r^2 / 2; a pixel's square adds 1 / 6.
    assert spread == pytest.approx((disparity**2 + size_px**2) / 2 + 1 / 6, rel=0.02, abs=0.1)
    assert image[..., 0].sum() == pytest.approx(100 * np.pi * size_px**2, rel=0.1)
    assert image[..., 2].sum() == pytest.approx(image[..., 0].sum() / 4, rel=0.01)


def test_focus_is_a_plane_and_not_a_sphere(mitsuba):
    scene = recipe(fov=100.0)
    bulb = bulb_seen_at(2, 2, 3.0, scene.camera)
    focal_length_px = scene.camera.focal_length_px(WIDTH)
    image = glow(mitsuba, recipe(bulbs=[bulb], fov=100.0), SceneLens(focal_length_px, 1.0, 3.0, 3.0))
    assert image[1:4, 1:4, 0].sum() == pytest.approx(image[..., 0].sum(), rel=1e-3)
    assert image[2, 2, 0] > 0.9 * image[..., 0].sum()


def test_what_stands_before_a_bulb_hides_it(mitsuba):
    scene = recipe()
    bulb = bulb_seen_at(32, 24, 4.0, scene.camera)
    screen = Part(quad((-2.0, 2.0, -1.0), (4.0, 0.0, 0.0), (0.0, 0.0, 4.0)), GREY)
    lens = SceneLens(scene.camera.focal_length_px(WIDTH), 0.1, 4.0, 4.0)
    image = glow(mitsuba, recipe(parts=[screen], bulbs=[bulb]), lens)
    assert image[24, 32].max() < 1.0


def test_ground_disparity_is_affine_in_y_and_constant_in_x(mitsuba):
    ground = Part(quad((-90.0, -9.0, 0.0), (180.0, 0.0, 0.0), (0.0, 90.0, 0.0)), GREY)
    scene = recipe(parts=[ground], pitch=-40.0)
    depth = SceneRenderer(mitsuba, scene, width=WIDTH, height=HEIGHT).depth()
    focal_length_px = scene.camera.focal_length_px(WIDTH)
    disparity = SceneLens(focal_length_px, 0.05, 2.0, 3.0).disparity(depth)
    assert np.ptp(disparity, axis=1).max() < 1e-4
    rows = np.arange(HEIGHT) - (HEIGHT - 1) / 2
    down = np.sin(np.radians(40.0)) + rows / focal_length_px * np.cos(np.radians(40.0))
    np.testing.assert_allclose(disparity[:, 0], focal_length_px * 0.05 * (1 / 2.0 - down / 1.5), atol=1e-4)


def test_depth_of_a_sphere_of_a_bulb_and_of_the_sky(mitsuba):
    sphere = Part(ball(0.5).moved((0.0, 3.0, 1.0)), GREY)
    bulb = bulb_seen_at(50, 24, 2.0, recipe().camera)
    scene = recipe(parts=[sphere], bulbs=[bulb])
    depth = SceneRenderer(mitsuba, scene, width=WIDTH, height=HEIGHT).depth()
    assert depth[24, 32] == pytest.approx(2.5, abs=1e-4)
    assert depth[24, 50] == pytest.approx(2.0, abs=0.01)
    assert np.isinf(depth[0, 0])


def test_exposure_gives_the_mean_that_was_asked_for(mitsuba):
    parts = [Part(box(1.0, 1.0, 3.0).moved((0.0, 4.0, 0.0)), GREY)]
    renderer = SceneRenderer(mitsuba, recipe(parts=parts), width=WIDTH, height=HEIGHT)
    lens = SceneLens(100.0, 0.001, 4.0, 4.0)
    image = renderer.image(lens, aperture_ratio=1.0, focus_m=4.0, samples=25, seed=3)
    assert image.mean() == pytest.approx(KEY, rel=0.05)
    again = renderer.image(lens, aperture_ratio=1.0, focus_m=4.0, samples=25, seed=3)
    np.testing.assert_array_equal(image, again)


@pytest.mark.usefixtures("mitsuba", "flat_materials")
def test_render_scenes_writes_whole_folders_and_takes_up_its_work(tmp_path):
    seen = []
    arguments = {"width": 36, "height": 24, "samples_per_pixel": 4, "variant": "scalar_rgb"}
    folders = triplet_jobs.render_scenes(
        tmp_path, splits={"train": [1]}, progress=lambda *step: seen.append(step), **arguments
    )
    assert folders == [tmp_path / "train" / "0001"]
    assert seen == [("train/0001", 1, 1)]
    names = "deep.exr deep.png depth.exr disparity.png f2.exr f2_refocused.exr f8.exr scene.json"
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == names.split()
    about = json.loads((folders[0] / "scene.json").read_text())
    lens = SceneLens(
        about["focal_length_px"], about["aperture_radius_m"], about["focus_m"], about["refocused_focus_m"]
    )
    assert about["focal_disparity"] == pytest.approx(lens.focal_disparity)
    disparity = read_disparity(folders[0] / "disparity.png")
    assert np.abs(lens.disparity(read_depth(folders[0] / "depth.exr")) - disparity).max() < 0.004
    assert read_hdr(folders[0] / "f2.exr").shape == read_srgb(folders[0] / "deep.png").shape == (24, 36, 3)

    written = {path: path.stat().st_mtime_ns for path in folders[0].iterdir()}
    triplet_jobs.render_scenes(tmp_path, splits={"train": [1]}, **arguments)
    assert {path: path.stat().st_mtime_ns for path in folders[0].iterdir()} == written

    (folders[0] / "scene.json").unlink()  # as if the run had been stopped
    triplet_jobs.render_scenes(tmp_path, splits={"train": [1]}, **arguments)
    assert (folders[0] / "scene.json").is_file()
    assert json.loads((folders[0] / "scene.json").read_text()) == about


@pytest.mark.parametrize("name", ["width", "height", "samples_per_pixel"])
def test_sizes_must_be_positive(tmp_path, name):
    with pytest.raises(InputError, match=name):
        triplet_jobs.render_scenes(tmp_path, splits={"train": [0]}, **{name: 0})


def test_seeds_must_not_be_negative(tmp_path):
    with pytest.raises(InputError, match="Seeds"):
        triplet_jobs.render_scenes(tmp_path, splits={"train": [-1]})


def test_a_missing_mitsuba_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "mitsuba", None)
    with pytest.raises(InputError, match=r"rackfocus\[scenes\]"):
        mitsuba_shapes.load_mitsuba()


@pytest.mark.usefixtures("mitsuba")
def test_the_blur_that_is_asked_for(mitsuba):
    ground = Part(quad((-90.0, -9.0, 0.0), (180.0, 0.0, 0.0), (0.0, 90.0, 0.0)), GREY)
    scene = recipe(parts=[ground], pitch=-40.0)
    for blur_px in (0.5, 1.0):
        rendered = triplets.render_scene(
            mitsuba, scene, width=WIDTH, height=HEIGHT, samples=1, blur_px=blur_px
        )
        widest = np.abs(rendered.lens.disparity(rendered.depth_m)).max()
        assert widest == pytest.approx(blur_px, rel=0.05)


def test_an_unknown_variant_is_told_in_a_sentence():
    with pytest.raises(InputError, match="scalar_rgb"):
        mitsuba_shapes.load_mitsuba("abacus_rgb")


def test_an_llvm_that_ends_the_process_is_not_used(monkeypatch):
    monkeypatch.setattr(mitsuba_shapes, "_llvm_version", lambda: (16, 0, 6))
    assert mitsuba_shapes.load_mitsuba().variant() == "scalar_rgb"
    with pytest.raises(InputError, match="LLVM 17 or newer"):
        mitsuba_shapes.load_mitsuba("llvm_ad_rgb")


def test_low_pass_keeps_flat_light_and_spreads_a_point():
    np.testing.assert_allclose(low_pass(np.full((4, 5, 3), 0.7)), 0.7)
    point = np.zeros((5, 5, 3))
    point[2, 2] = 64.0
    weights = np.outer([0, 1, 6, 1, 0], [0, 1, 6, 1, 0])
    np.testing.assert_allclose(low_pass(point)[..., 1], weights)
