"""Flow against motions whose flow is known in closed form."""

import numpy as np
import pytest

from rackfocus.scenes import mitsuba_shapes
from rackfocus.scenes.clips.motion import Layer, exact_flow, shown_share, trace_frame
from rackfocus.scenes.geometry import quad
from rackfocus.scenes.recipe import Camera, Material, Part

WIDTH, HEIGHT = 33, 25
CAMERA = Camera((0.0, 0.0, 0.0), yaw=0.0, pitch=0.0, fov=60.0)
FOCAL = CAMERA.focal_length_px(WIDTH)
GREY = Material("plaster", 0, (0.4, 0.4, 0.4))


@pytest.fixture(scope="module")
def mitsuba():
    pytest.importorskip("mitsuba", reason="rackfocus[scenes] is not installed")
    return mitsuba_shapes.load_mitsuba("scalar_rgb")


def screen(depth, *, x=-9.0, width=18.0):
    return [Part(quad((x, depth, -9.0), (width, 0, 0), (0, 0, 18.0)), GREY)]


def frame(mitsuba, camera, *layers):
    return trace_frame(camera, [Layer(mitsuba, parts) for parts in layers], width=WIDTH, height=HEIGHT)


def test_a_screen_that_moves_sideways(mitsuba):
    now = frame(mitsuba, CAMERA, [], screen(4.0))
    later = frame(mitsuba, CAMERA, [], screen(4.0, x=-8.5))
    flow, _ = exact_flow(now, later)
    np.testing.assert_allclose(flow[..., 0], 0.5 * FOCAL / 4.0, atol=1e-9)
    np.testing.assert_allclose(flow[..., 1], 0.0, atol=1e-9)
    np.testing.assert_allclose(now.depth_m, 4.0, rtol=1e-6)


def test_a_camera_that_comes_nearer_and_one_that_turns(mitsuba):
    nearer = Camera((0.0, 1.0, 0.0), yaw=0.0, pitch=0.0, fov=60.0)
    flow, _ = exact_flow(frame(mitsuba, CAMERA, screen(4.0)), frame(mitsuba, nearer, screen(4.0)))
    x = np.arange(WIDTH) - (WIDTH - 1) / 2
    np.testing.assert_allclose(flow[..., 0], np.broadcast_to(x / 3.0, (HEIGHT, WIDTH)), atol=1e-4)
    turned = Camera((0.3, 0.2, 0.1), yaw=2.0, pitch=0.0, fov=60.0)
    sky, hidden = exact_flow(frame(mitsuba, CAMERA, []), frame(mitsuba, turned, []))
    middle = sky[HEIGHT // 2, WIDTH // 2]
    np.testing.assert_allclose(middle, [-FOCAL * np.tan(np.radians(2.0)), 0.0], atol=1e-9)
    assert hidden[0, 0]  # turned out of the picture
    assert not hidden[HEIGHT // 2, WIDTH // 2]


def test_what_is_hidden_a_frame_later(mitsuba):
    wall = screen(8.0)
    now = frame(mitsuba, CAMERA, wall, screen(4.0, x=-9.0, width=9.0))
    later = frame(mitsuba, CAMERA, wall, screen(4.0, x=-8.0, width=9.0))
    flow, hidden = exact_flow(now, later)
    edge = (WIDTH - 1) / 2 + FOCAL / 4.0  # of the near screen, a frame later
    columns = np.arange(WIDTH)
    is_wall = columns > (WIDTH - 1) / 2  # the near screen ends in the middle
    np.testing.assert_array_equal(hidden[:, is_wall & (columns < edge - 0.01)], True)
    np.testing.assert_array_equal(hidden[:, columns > edge + 0.01], False)
    assert np.all(flow[:, is_wall] == 0)


def test_share_of_a_person_half_out_of_the_picture(mitsuba):
    half = WIDTH / 2 / FOCAL * 4.0
    traced = frame(mitsuba, CAMERA, [], screen(4.0, x=half - 0.5, width=1.0))
    assert shown_share(traced, 1, width=WIDTH, height=HEIGHT) == pytest.approx(0.5, abs=0.1)
