import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackfocus.focus.detectors import ClipWindow, Detector
from rackfocus.focus.detectors.over_time import frame_s, interpolated_maps, smoothed
from rackfocus.focus.detectors.saliency import FineGrained


def window(frames: np.ndarray, cuts: tuple[int, ...] = (), fps: float = 25) -> ClipWindow:
    is_cut = np.zeros(len(frames), bool)
    is_cut[list(cuts)] = True
    return ClipWindow(frames, np.arange(len(frames)) / fps, is_cut)


def test_what_differs_from_all_around_it_stands_out() -> None:
    frames = np.full((3, 90, 160, 3), (90, 120, 90), np.uint8)
    # As bright as what is around it: only its colour differs.
    frames[:, 40:55, 100:115] = (150, 92, 90)
    maps = FineGrained()(window(frames))
    assert maps.shape == (3, 90, 160)
    assert maps[:, 44:51, 104:111].min() > 0.9
    assert maps[:, :20, :60].max() < 0.7


def test_each_shot_has_its_own_scale_and_a_value_is_a_rank() -> None:
    rng = np.random.default_rng(4)
    frames = rng.integers(0, 256, (4, 48, 64, 3), np.uint8)
    frames[2:] = frames[2:] // 4 + 90
    maps = FineGrained(smoothing_s=0.0, exponent=0.5)(window(frames, cuts=(2,)))
    for shot in (maps[:2], maps[2:]):
        assert np.median(shot) == pytest.approx(0.5**0.5, abs=0.02)
        assert shot.max() == 1


@settings(deadline=None, max_examples=12)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 3), st.sampled_from([0, 77, 255]))
def test_every_even_video_has_a_map_of_zeros(height: int, width: int, frames: int, grey: int) -> None:
    seen = window(np.full((frames, height, width, 3), grey, np.uint8))
    maps = FineGrained()(seen)
    assert maps.shape == (frames, *seen.map_size)
    assert maps.dtype == np.float32
    assert not maps.any()


@settings(deadline=None, max_examples=12)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 3), st.integers(0, 9))
def test_maps_lie_between_0_and_1(height: int, width: int, frames: int, seed: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (frames, height, width, 3), np.uint8)
    maps = FineGrained()(window(picture))
    assert np.isfinite(maps).all()
    assert maps.min() >= 0
    assert maps.max() <= 1


def test_it_is_a_detector_that_lacks_nothing() -> None:
    assert isinstance(FineGrained(), Detector)
    assert FineGrained().missing(window(np.zeros((1, 8, 8, 3), np.uint8))) is None


def test_smoothing_keeps_the_mean_and_weighs_only_what_there_is() -> None:
    maps = np.zeros((21, 1, 1), np.float32)
    maps[10] = 1
    smooth = smoothed(maps, 2.0).ravel()
    expected = np.exp(-0.5 * (np.arange(-5, 6) / 2.0) ** 2)
    np.testing.assert_allclose(smooth[5:16], expected / expected.sum(), rtol=1e-5)
    np.testing.assert_allclose(smoothed(np.ones((7, 2, 2), np.float32), 3.0), 1, rtol=1e-6)
    np.testing.assert_array_equal(smoothed(maps, 0.0), maps)


def test_only_some_frames_are_looked_at_and_the_last_is_one_of_them() -> None:
    seen = window(np.zeros((12, 4, 4, 3), np.uint8), cuts=(2,), fps=10)
    looked: list[int] = []

    def look(frame: int) -> np.ndarray:
        looked.append(frame)
        return np.full((4, 4), frame, np.float32)

    maps = interpolated_maps(seen, slice(2, 12), 0.4, look)
    assert looked == [2, 6, 10, 11]
    np.testing.assert_allclose(maps[:, 0, 0], np.arange(2, 12))


def test_a_lone_frame_has_some_duration() -> None:
    assert frame_s(window(np.zeros((1, 4, 4, 3), np.uint8)), slice(0, 1)) == 1 / 25
    assert frame_s(window(np.zeros((5, 4, 4, 3), np.uint8), fps=50), slice(1, 4)) == pytest.approx(1 / 50)
