import numpy as np
import pytest

from rackfocus.focus.detectors import ClipWindow, Detector
from rackfocus.focus.detectors import face_tracks as module
from rackfocus.focus.detectors.face_detection import Face
from rackfocus.focus.detectors.face_lively import LivelyFaces

FRAMES = 50


def two_faces(first_talks: range, second_talks: range) -> ClipWindow:
    """Two grey heads with textured mouths, which change while they talk."""
    rng = np.random.default_rng(5)
    frames = np.full((FRAMES, 90, 160, 3), 60, np.uint8)
    mouths = rng.integers(0, 256, (FRAMES, 8, 16, 1), np.uint8)
    for frame in range(FRAMES):
        for x, talks in ((40, first_talks), (120, second_talks)):
            frames[frame, 25:65, x - 20 : x + 20] = 150
            frames[frame, 52:60, x - 8 : x + 8] = mouths[frame if frame in talks else 0]
    return ClipWindow(frames, np.arange(FRAMES) / 25, np.zeros(FRAMES, bool))


@pytest.fixture(autouse=True)
def _two_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    faces = [Face(np.array([x - 20, 25, x + 20, 65], np.float32), None, 0.9) for x in (40, 120)]
    monkeypatch.setattr(module, "face_detection", lambda _weights: lambda _image: faces)


def test_who_talks_is_livelier_and_it_changes() -> None:
    maps = LivelyFaces()(two_faces(range(5, 22), range(30, 48)))
    assert maps.shape == (FRAMES, 90, 160)
    first, second = maps[:, 53, 40], maps[:, 53, 120]
    np.testing.assert_allclose(first[8:20], 0.9, rtol=1e-3)
    np.testing.assert_allclose(second[32:46], 0.9, rtol=1e-3)
    assert second[8:20].max() < 0.4
    assert first[32:46].max() < 0.4


def test_small_faces_are_left_out_and_it_is_a_detector() -> None:
    seen = two_faces(range(5, 22), range(30, 48))
    assert isinstance(LivelyFaces(), Detector)
    assert not LivelyFaces(smallest=0.3)(seen).any()


def test_one_frame_shows_faces_but_no_life() -> None:
    seen = two_faces(range(0), range(0))
    alone = ClipWindow(seen.frames[:1], seen.times_s[:1], seen.is_cut[:1])
    maps = LivelyFaces()(alone)
    np.testing.assert_allclose(maps[0, 53, [40, 120]], 0.9, rtol=1e-3)


def test_of_two_alike_the_one_near_the_centre_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    faces = [Face(np.array([x - 20, 25, x + 20, 65], np.float32), None, 0.9) for x in (40, 80)]
    monkeypatch.setattr(module, "face_detection", lambda _weights: lambda _image: faces)
    still = ClipWindow(np.full((4, 90, 160, 3), 60, np.uint8), np.arange(4) / 25, np.zeros(4, bool))
    maps = LivelyFaces(spread=0.25, contrast=2.0)(still)
    np.testing.assert_allclose(maps[:, 53, 80], 0.9, rtol=1e-3)
    # A quarter of the width off the centre is one standard deviation.
    np.testing.assert_allclose(maps[:, 53, 40], 0.9 * np.exp(-0.5) ** 2, rtol=1e-3)


def test_a_face_in_profile_is_marked_between_nose_and_mouth(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.array([[95, 38], [97, 38], [100, 44], [96, 56], [98, 56]], np.float32)
    face = Face(np.array([60, 25, 100, 65], np.float32), points, 0.9)
    monkeypatch.setattr(module, "face_detection", lambda _weights: lambda _image: [face])
    still = ClipWindow(np.full((4, 90, 160, 3), 60, np.uint8), np.arange(4) / 25, np.zeros(4, bool))
    rows, columns = np.nonzero(LivelyFaces()(still)[0] > 0.89)
    assert (columns.min() + columns.max()) / 2 == pytest.approx((100 + 97) / 2, abs=1)
    assert (rows.min() + rows.max()) / 2 == pytest.approx((44 + 56) / 2, abs=1)
