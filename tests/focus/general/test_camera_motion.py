import cv2
import numpy as np

from rackfocus.focus.detectors import ClipWindow
from rackfocus.focus.general.camera_motion import camera_speed


def panned(steps: list[int], cut: int | None = None) -> ClipWindow:
    """A textured wall of which each frame shows a part, farther to the right by a number of pixels."""
    wall = np.random.default_rng(3).integers(0, 256, (90, 800, 3), np.uint8)
    wall = cv2.GaussianBlur(wall, (0, 0), 4)
    at = np.cumsum([0, *steps])
    frames = np.stack([wall[:, left : left + 160] for left in at])
    is_cut = np.arange(len(at)) == (-1 if cut is None else cut)
    return ClipWindow(frames, np.arange(len(at)) / 25, is_cut)


def test_the_speed_is_the_cameras_in_diagonals_a_second() -> None:
    speed = camera_speed(panned([8] * 10))
    np.testing.assert_allclose(speed, 8 * 25 / np.hypot(90, 160), rtol=0.1)


def test_a_camera_at_rest_and_a_cut_are_no_motion() -> None:
    assert camera_speed(panned([0] * 5 + [300] + [0] * 5, cut=6)).max() < 0.01


def test_a_single_frame_does_not_move() -> None:
    assert list(camera_speed(panned([]))) == [0]
