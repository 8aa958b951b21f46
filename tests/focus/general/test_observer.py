from dataclasses import dataclass

import numpy as np
import pytest

from rackfocus.focus.detectors.face_lively import LivelyFaces
from rackfocus.focus.detectors.face_tracks import FaceTrack
from rackfocus.focus.detectors.window import ClipWindow
from rackfocus.focus.general.candidate import Candidate
from rackfocus.focus.general.figure import depths_of
from rackfocus.focus.general.observer import Observer

FRAMES, HEIGHT, WIDTH = 3, 90, 160


@dataclass(frozen=True)
class _GivenFaces(LivelyFaces):
    """One face, whose mouth moves `moving` times as much as it usually does."""

    side: float = 10.0
    moving: float = 1.0

    def tracks(self, _: ClipWindow) -> list[FaceTrack]:
        box = np.array([80 - self.side / 2, 20, 80 + self.side / 2, 20 + self.side], np.float32)
        shares = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.4, 0.8], [0.6, 0.8]], np.float32)
        landmarks = box[:2] + shares * self.side
        return [
            FaceTrack(
                0,
                np.tile(box, (FRAMES, 1)),
                np.tile(landmarks, (FRAMES, 1, 1)),
                np.ones(FRAMES, np.float32),
            )
        ]

    def liveliness(self, _: ClipWindow, track: FaceTrack) -> np.ndarray:
        return np.full(len(track.boxes), self.moving, np.float32)


class _Nothing:
    def __call__(self, window: ClipWindow) -> np.ndarray:
        return np.zeros((FRAMES, *window.map_size), np.float32)

    def chances(self, _: ClipWindow) -> list[tuple[FaceTrack, np.ndarray]]:
        return []


def face(side: float, moving: float) -> Candidate:
    window = ClipWindow(
        np.zeros((FRAMES, HEIGHT, WIDTH, 3), np.uint8), np.arange(FRAMES) / 25, np.zeros(FRAMES, bool)
    )
    nothing = _Nothing()
    observe = Observer(_GivenFaces(side=side, moving=moving), nothing, nothing, nothing, nothing)  # type: ignore[arg-type]
    depths = [depths_of(np.zeros((HEIGHT, WIDTH)), window.map_size)] * FRAMES
    ((found,), *_) = observe(window, depths, 1.0)
    return found


def test_a_mouth_that_moves_counts_where_the_face_is_large_enough_to_show_it() -> None:
    # 4 % of the diagonal is 7.3 pixels.
    large, small = 12.0, 6.0
    assert face(large, 1.2).weight - face(large, 1.0).weight == pytest.approx(2 * np.log(1.2), abs=1e-6)
    assert face(small, 1.2).weight == face(small, 1.0).weight


def test_focus_is_between_nose_and_mouth_of_a_large_face_and_on_the_chest_below_a_small_one() -> None:
    assert list(face(10.0, 1.0).point) == pytest.approx([80, 20 + 0.7 * 10])
    assert list(face(6.0, 1.0).point) == pytest.approx([80, 23 + 2 * 6])
