import numpy as np
import pytest

from rackfocus.scenes.lens import SceneLens, choose_lens
from rackfocus.scenes.recipe import Camera

CAMERA = Camera(position=(0.0, 0.0, 1.0), yaw=0.0, pitch=0.0, fov=60.0)


def stripes() -> np.ndarray:
    """Four upright screens at 2, 3, 5 and 20 m beside one another."""
    return np.repeat(np.array([2.0, 3.0, 5.0, 20.0]), 96)[None].repeat(256, axis=0)


def on_screen(column: int, depth: float) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in CAMERA.ray_directions(width=384, height=256)[128, column] * depth)
    return x, y, z + 1.0


SUBJECTS = [on_screen(48, 2.0), on_screen(144, 3.0), on_screen(240, 5.0), on_screen(336, 20.0)]


def test_disparity_is_that_of_the_thin_lens():
    lens = SceneLens(focal_length_px=300.0, aperture_radius_m=0.02, focus_m=2.0, refocused_focus_m=4.0)
    disparity = lens.disparity(np.array([1.0, 2.0, 4.0, np.inf]))
    np.testing.assert_allclose(disparity, [-3.0, 0.0, 1.5, 3.0])
    assert lens.focal_disparity == pytest.approx(1.5)


@pytest.mark.parametrize("seed", range(4))
def test_focus_lies_on_subjects_and_the_blur_is_as_asked(seed):
    lens = choose_lens(stripes(), camera=CAMERA, subjects=SUBJECTS, blur_px=5.0, seed=seed)
    disparity = lens.disparity(stripes())
    assert np.abs(disparity).max() == pytest.approx(5.0)
    assert lens.focus_m == pytest.approx(3.0) or lens.focus_m == pytest.approx(5.0)  # nearest the middle
    assert lens.refocused_focus_m != lens.focus_m
    again = choose_lens(stripes(), camera=CAMERA, subjects=SUBJECTS, blur_px=5.0, seed=seed)
    assert again == lens


def test_hidden_subjects_are_not_focused_on():
    hidden = on_screen(48, 6.0)  # behind the screen at 2 m
    lens = choose_lens(stripes(), camera=CAMERA, subjects=[hidden, SUBJECTS[1]], blur_px=5.0, seed=0)
    assert lens.focus_m == pytest.approx(3.0)


def test_blur_scales_with_the_image():
    depth = stripes()
    small = choose_lens(depth[::2, ::2], camera=CAMERA, subjects=[], blur_px=5.0, seed=0)
    assert np.abs(small.disparity(depth)).max() == pytest.approx(2.5)


def test_sky_is_at_infinity():
    depth = stripes()
    depth[:, 300:] = np.inf
    lens = choose_lens(depth, camera=CAMERA, subjects=SUBJECTS, blur_px=5.0, seed=0)
    assert np.isfinite(lens.disparity(depth)).all()
