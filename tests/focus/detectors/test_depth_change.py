import cv2
import numpy as np
import pytest

from rackfocus.focus.detectors import ClipWindow, Detector
from rackfocus.focus.detectors.depth_change import DepthChange
from rackfocus.focus.modes import scene_specific

FPS = 10
HEIGHT, WIDTH = 48, 80


def window(disparity, frames=None, cuts=()) -> ClipWindow:
    count = len(disparity)
    is_cut = np.zeros(count, bool)
    is_cut[list(cuts)] = True
    if frames is None:
        frames = np.zeros((count, HEIGHT, WIDTH, 3), np.uint8)
    return ClipWindow(frames, np.arange(count) / FPS, is_cut, disparity=np.array(disparity, np.float32))


def scene(seed=2) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(HEIGHT, WIDTH)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 4)
    return 4 * smooth / np.abs(smooth).max()


def detect(**settings) -> DepthChange:
    return DepthChange(
        **({"before_s": 0.4, "after_s": 0.2, "reach": 0.0, "step": 0.1, "spread": 0.0} | settings)
    )


def test_values_by_hand():
    # A thing at -1 is in the first column until frame 3 and in the third from frame 4 on.
    disparity = np.zeros((10, HEIGHT, WIDTH))
    disparity[:4, :, :8], disparity[4:, :, 16:24] = -1, -1
    maps = detect(step=2.0)(window(disparity))
    # Half of the step, where it was and where it will be, from two frames before the change to four after.
    for frame in range(10):
        changed = 0.5 if 2 <= frame <= 7 else 0.0
        assert np.unique(maps[frame, :, :8]).tolist() == [changed]
        assert np.unique(maps[frame, :, 16:24]).tolist() == [changed]
        assert not maps[frame, :, 8:16].any()
        assert not maps[frame, :, 24:].any()


@pytest.mark.parametrize("reach", [0.0, 1 / WIDTH, 2 / WIDTH])
def test_as_told_step_by_step(reach):
    rng = np.random.default_rng(4)
    disparity = np.stack([np.roll(scene(), 2 * step, axis=1) for step in range(6)])
    disparity += rng.normal(0, 0.1, disparity.shape)
    near = [
        (dy, dx)
        for dy in range(-2, 3)
        for dx in range(-2, 3)
        if cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))[dy + 2, dx + 2]
    ]
    near = {0.0: [(0, 0)], 1 / WIDTH: [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]}.get(reach, near)
    maps = detect(reach=reach, step=0.3)(window(disparity))
    disparity = disparity.astype(np.float32)
    for frame, row, column in rng.integers((0, 4, 4), (6, HEIGHT - 4, WIDTH - 4), (200, 3)):
        own, change = disparity[frame, row, column], 0.0
        for other in (frame - 4, frame - 2, frame + 2):
            if 0 <= other < 6:
                there = [disparity[other, row + dy, column + dx] for dy, dx in near]
                change = max(change, own - max(there), min(there) - own)
        least, most = np.quantile(disparity[frame], (0.05, 0.95))
        assert maps[frame, row, column] == pytest.approx(min(1, change / (0.3 * (most - least))), abs=1e-5)


def test_a_camera_that_trembles_within_reach_changes_nothing():
    trembling = [np.roll(scene(), (step % 2, (step // 2) % 2), (0, 1)) for step in range(8)]
    assert not detect(reach=2 / WIDTH)(window(trembling))[:, 3:-3, 3:-3].any()
    assert detect()(window(trembling)).any()


def test_the_inside_of_what_moves_counts_too():
    disparity = [
        np.where(np.arange(WIDTH) // 20 == step // 4, -3.0, 0.0) * np.ones((HEIGHT, 1)) for step in range(8)
    ]
    narrow, wide = (detect(spread=spread)(window(disparity))[3] for spread in (0.0, 3 / WIDTH))
    assert narrow[20].tolist() == [1.0] * 40 + [0.0] * 40
    assert wide[20].tolist() == [1.0] * 43 + [0.0] * 37


def test_a_cut_changes_nothing_and_neither_does_an_even_depth():
    assert not detect()(window([scene()] * 4 + [scene(9)] * 4, cuts=(4,))).any()
    assert not detect()(window(np.full((5, 4, 4), 7.0))).any()
    assert not detect()(window([scene()])).any()


def test_without_disparity_everything_may_have_changed():
    unknown = ClipWindow(np.zeros((3, 6, 8, 3), np.uint8), np.arange(3) / FPS, np.zeros(3, bool))
    maps = DepthChange()(unknown)
    assert isinstance(DepthChange(), Detector)
    assert maps.dtype == np.float32
    assert maps.shape == (3, *unknown.map_size)
    assert (maps == 1).all()
    assert DepthChange().missing(unknown) is None


@pytest.mark.parametrize("size", [(1, 1), (3, 7), (96, 160)])
def test_disparity_of_any_size(size):
    maps = DepthChange()(window(np.random.default_rng(1).normal(size=(4, *size))))
    assert maps.shape == (4, HEIGHT, WIDTH)
    assert ((maps >= 0) & (maps <= 1)).all()


def test_a_shadow_is_no_action_and_what_casts_it_is():
    noise = np.random.default_rng(3).normal(size=(96, 160, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    ground = np.clip(150 + 50 * smooth / smooth.std(), 0, 255)
    frames = np.repeat(ground[None], 24, axis=0)
    depth = np.repeat(np.linspace(4, -2, 96, dtype=np.float32)[None, :, None], 24, axis=0).repeat(160, axis=2)
    for step in range(24):
        x = 10 + 4 * max(0, step - 8)
        frames[step, 30:70, x : x + 30] *= 0.45
    finder, shown = scene_specific("action"), frames.astype(np.uint8)
    times, is_cut = np.arange(24) / 15, np.zeros(24, bool)
    assert np.isfinite(finder.regions(ClipWindow(shown, times, is_cut)).points[12:20]).all()
    shadow = finder.regions(ClipWindow(shown, times, is_cut, disparity=depth))
    assert np.isnan(shadow.points).all()
    for step in range(24):
        x = 10 + 4 * max(0, step - 8)
        depth[step, 30:70, x : x + 30] = -3
    person = finder.regions(ClipWindow(shown, times, is_cut, disparity=depth))
    seen = np.flatnonzero(np.isfinite(person.points[:, 0]))
    assert {12, 14, 16, 18} <= set(seen.tolist())
    for step in (12, 16):
        assert 10 + 4 * (step - 8) - 8 <= person.points[step, 0] <= 10 + 4 * (step - 8) + 38
