import cv2
import numpy as np
import pytest

from rackfocus.focus.detectors import ClipWindow, Detector
from rackfocus.focus.detectors.action import Action

FPS = 15


def background(height: int, width: int, seed: int = 3) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(height, width, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    return np.clip(128 + 60 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def window(frames: list[np.ndarray], cuts: tuple[int, ...] = ()) -> ClipWindow:
    is_cut = np.zeros(len(frames), bool)
    is_cut[list(cuts)] = True
    return ClipWindow(np.stack(frames), np.arange(len(frames)) / FPS, is_cut)


def square_before_a_pan(
    frames: int = 15, pan: int = 2, speed: int = 3
) -> tuple[ClipWindow, list[tuple[int, int]]]:
    """The camera pans to the right; a square runs to the right of the picture from the fifth frame on."""
    scene = background(120, 160 + pan * frames)
    shown, places = [], []
    for frame in range(frames):
        picture = scene[:, pan * frame : pan * frame + 160].copy()
        # Before it runs, it lies in the scene as all else does.
        x = 60 - pan * min(frame, 5) + speed * max(0, frame - 5)
        picture[50:74, x : x + 24] = background(24, 24, seed=5) // 2 + 120
        shown.append(picture)
        places.append((x + 12, 62))
    return window(shown), places


def test_what_moves_against_a_pan_is_found_and_the_background_is_not() -> None:
    seen, places = square_before_a_pan()
    maps = Action()(seen)
    assert maps.shape == (15, *seen.map_size)
    assert maps.dtype == np.float32
    for frame in range(7, 14):
        x, y = places[frame]
        assert maps[frame, y - 6 : y + 6, x - 6 : x + 6].mean() > 0.7
        far = np.ones(maps.shape[1:], bool)
        far[y - 32 : y + 32, max(0, x - 36) : x + 36] = False
        assert maps[frame][far].mean() < 0.05
    assert maps[0].max() < 0.5 < maps[4, 54:70, 56:72].mean()  # a little before it runs


def test_the_future_is_seen_and_a_pause_is_bridged() -> None:
    scene = background(90, 160)
    shown = []
    for frame in range(20):
        moved = 3 * min(frame, 6) if frame < 12 else 18 + 3 * (frame - 12)
        picture = scene.copy()
        picture[30:50, 40 + moved : 60 + moved] = background(20, 20, seed=5)
        shown.append(picture)
    maps = Action(memory_s=0.6, ahead_s=0.2)(window(shown))
    assert maps[9, 36:44, 64:72].mean() > 0.4  # in the middle of the pause
    still_after = Action(memory_s=0.0, ahead_s=0.0, coherence_s=0.01)(window(shown))
    assert still_after[9].max() < 0.1


def test_to_and_fro_loses_against_one_direction() -> None:
    scene = background(90, 160)
    shown = []
    for frame in range(16):
        picture = scene.copy()
        there = 30 + 2 * frame
        picture[10:30, there : there + 20] = background(20, 20, seed=5)
        trembling = 60 + 2 * (frame % 2)
        picture[55:75, trembling : trembling + 20] = background(20, 20, seed=6)
        shown.append(picture)
    maps = Action()(window(shown))
    for frame in range(4, 12):
        assert (
            maps[frame, 16:24, 36 + 2 * frame : 44 + 2 * frame].mean()
            > maps[frame, 60:70, 64:76].mean() + 0.3
        )


def test_what_has_always_moved_loses_against_what_begins_to() -> None:
    scene = background(90, 160)
    shown = []
    for frame in range(40):
        picture = scene.copy()
        picture[10:30, 10 + 2 * frame : 30 + 2 * frame] = background(20, 20, seed=5)
        begun = 40 + 2 * max(0, frame - 25)
        picture[55:75, begun : begun + 20] = background(20, 20, seed=6)
        shown.append(picture)
    maps = Action()(window(shown))
    old, new = maps[32, 16:24, 80:88].mean(), maps[32, 60:70, 60:68].mean()
    assert new > 0.8
    assert old < new - 0.2


@pytest.mark.parametrize("shift", [0, 3])
def test_a_cut_is_no_motion(shift: int) -> None:
    first, second = background(60, 100), background(60, 100 + 12 * shift, seed=9)
    shown = [first] * 5 + [second[:, shift * frame : shift * frame + 100] for frame in range(6)]
    maps = Action()(window(shown, cuts=(5,)))
    assert maps[:5].max() == 0
    assert maps[5:].mean() < 0.05


@pytest.mark.parametrize("colour", [0, 130])
@pytest.mark.parametrize("size", [(1, 1), (1, 200), (37, 2), (48, 64)])
def test_nothing_moves_in_an_even_video(colour: int, size: tuple[int, int]) -> None:
    seen = window([np.full((*size, 3), colour, np.uint8)] * 4)
    maps = Action()(seen)
    assert maps.shape == (4, *seen.map_size)
    assert not maps.any()


def test_a_still_picture_has_no_action_and_neither_has_one_frame() -> None:
    picture = background(72, 96)
    assert not Action()(window([picture] * 5)).any()
    alone = window([picture])
    assert not Action()(alone).any()
    sentence = Action().missing(alone)
    assert sentence is not None
    assert sentence.endswith(".")
    assert Action().missing(window([picture] * 2)) is None


def test_noise_alone_is_hardly_an_action() -> None:
    picture = background(72, 96).astype(float)
    rng = np.random.default_rng(1)
    noisy = [np.clip(picture + rng.normal(0, 4, picture.shape), 0, 255).astype(np.uint8) for _ in range(8)]
    assert Action()(window(noisy)).mean() < 0.05


def test_the_same_window_gives_the_same_maps() -> None:
    seen, _ = square_before_a_pan(8)
    detect = Action()
    assert isinstance(detect, Detector)
    np.testing.assert_array_equal(detect(seen), detect(seen))
