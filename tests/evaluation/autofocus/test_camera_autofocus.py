import math

import numpy as np
import pytest

from rackfocus.evaluation.autofocus.camera_autofocus import (
    ContrastDetect,
    PhaseDetect,
    magnification,
    report,
    turns,
)

STEP = np.array([0.0] * 20 + [4.0] * 80)
"""A subject that is replaced by another one, four levels behind, in frame 20."""


@pytest.mark.parametrize("camera", [PhaseDetect(noise_levels=0), ContrastDetect(noise=0)])
def test_a_subject_that_stays_stays_in_focus(camera):
    still = np.full(50, 1.5)
    np.testing.assert_array_equal(camera(still, fps=20, seed=0), still)


def test_phase_detection_waits_and_then_moves_at_its_speed():
    focus = PhaseDetect(delay_s=0.1, patience_s=0.2, levels_per_s=10, noise_levels=0)(STEP, fps=20, seed=0)
    assert (focus[:27] == 0).all()  # 2 frames of delay, 4 of patience, and the one in which it moves
    np.testing.assert_allclose(np.diff(focus[26:34]), [0.5] * 7)
    assert abs(focus[-1] - 4) < 1


def test_phase_detection_overshoots_by_what_it_did_not_yet_see():
    fast = PhaseDetect(delay_s=0.2, patience_s=0, levels_per_s=100, noise_levels=0)
    focus = fast(STEP, fps=20, seed=0)
    assert focus.max() > 5
    assert turns(focus) > 0


def test_contrast_detection_turns_where_it_went_the_wrong_way():
    ahead, away = (ContrastDetect(noise=0)(way * STEP, fps=20, seed=0) for way in (1, -1))
    assert ahead.min() == 0
    assert away.max() > 0  # it went behind first
    assert turns(away) > turns(ahead)
    assert abs(ahead[-1] - 4) < 1
    assert abs(away[-1] + 4) < 1


def test_cameras_come_later_than_focus_that_knew():
    wanted = report(STEP, STEP, [20], fps=20)
    assert (wanted.in_focus, wanted.lag_s, wanted.turns_per_s, wanted.breathing) == (1, 0, 0, 0)
    for camera in (PhaseDetect(), ContrastDetect()):
        found = report(camera(STEP, fps=20, seed=3), STEP, [20], fps=20)
        assert found.lag_s > 0.2
        assert found.in_focus < 1


def test_what_never_comes_into_focus_lags_to_the_end():
    found = report(np.zeros(100), STEP, [20], fps=20)
    assert found.lag_s == 80 / 20
    assert found.in_focus == 0.2
    assert math.isnan(report(STEP, STEP, [], fps=20).lag_s)


def test_turns_are_counted_without_what_rests():
    assert turns(np.array([0.0, 1, 1, 2, 1, 1, 2])) == 2
    assert turns(np.zeros(4)) == 0


def test_a_lens_that_focuses_nearer_shows_less():
    size = magnification(
        np.array([0.0, -1.0]), focal_length_px=500, aperture_radius_m=0.01, focus_m=2.0, width_px=360
    )
    # f = 500 * 0.036 / 360 = 0.05 m; in focus are 2 m, and 1 / (1/2 + 1/5) = 1 / 0.7 m.
    np.testing.assert_allclose(size, [1 / (1 - 0.05 / 2), 1 / (1 - 0.05 * 0.7)])
