import math

import numpy as np
import pytest

from rackfocus.evaluation.autofocus.speech.speaker_scores import (
    Turn,
    change_scores,
    mean_scores,
    pull_scores,
    share_held,
    share_on_speaker,
)
from rackfocus.types import FocusTarget, FocusTrack

TURNS = Turn(0, 10, 30), Turn(1, 60, 80)


def seat_of(x, _y):
    return int(x // 50)


def changes(targets, turns=TURNS):
    targets = [FocusTarget(t, x, 5) for t, x in targets]
    return change_scores(targets, turns, seat_of, fps=10.0, early_frames=2)


def test_the_share_of_speech_in_which_focus_is_on_the_speaker():
    focused = [0] * 70 + [1] * 30
    assert share_on_speaker(focused, TURNS) == pytest.approx(30 / 40)
    assert share_on_speaker(focused, [*TURNS, Turn(0, 60, 90)]) == 40 / 50
    assert share_on_speaker([None] * 75, TURNS) == 0
    assert math.isnan(share_on_speaker(focused, [Turn(None, 10, 30)]))


def test_nothing_changes_while_a_voice_is_off_screen():
    focused = [0] * 40 + [1] * 60
    assert share_held(focused, [Turn(None, 30, 50)]) == 0.5
    assert share_held(focused, [Turn(None, 30, 50), Turn(1, 40, 60)]) == 1
    assert math.isnan(share_held(focused, TURNS))


@pytest.mark.parametrize(
    ("targets", "in_time", "earliest_s"),
    [
        ([(0, 20), (57, 70)], 1, 0.5),
        ([(0, 20), (62, 70)], 1, 0.0),  # arrives with the first word
        ([(0, 20), (63, 70)], 0, -0.1),  # too late
        ([(0, 20), (47, 70)], 1, 1.5),
        ([(0, 20), (46, 70)], 0, 1.6),
        ([(0, 20), (40, 70), (55, 20), (58, 70)], 1, 0.4),  # away again meanwhile
        ([(0, 20), (40, 70), (58, 72)], 0, 2.2),  # on the same all the time
        ([(0, 20)], 0, math.nan),
        ([], 0, math.nan),
    ],
)
def test_focus_is_in_time_or_is_not(targets, in_time, earliest_s):
    scores = changes(targets)
    assert (scores["changes"], scores["in time"]) == (1, in_time)
    assert scores["earliest"] == pytest.approx(earliest_s, nan_ok=True)


def test_who_speaks_over_another_is_due_when_that_one_ends():
    overlap = Turn(0, 10, 70), Turn(1, 60, 90)
    assert changes([(0, 20), (72, 70)], overlap)["in time"] == 1
    assert changes([(0, 20), (73, 70)], overlap)["in time"] == 0
    # A voice off screen is no change.
    assert changes([(0, 20)], [Turn(0, 10, 30), Turn(None, 40, 50), Turn(0, 60, 80)])["changes"] == 0


def test_pulls_are_counted_in_any_second():
    track = FocusTrack(
        tuple(FocusTarget(t, 0, 0) for t in (0, 20, 29, 30, 60)), np.zeros((99, 2)), np.zeros(99), np.ones(99)
    )
    assert pull_scores(track, 10.0) == {"pulls": 4, "most in 1 s": 2}
    none = FocusTrack((), np.zeros((9, 2)), np.zeros(9), np.ones(9))
    assert pull_scores(none, 10.0) == {"pulls": 0, "most in 1 s": 0}


def test_the_mean_of_conversations():
    names = "speaker", "held", "changes", "in time", "earliest", "pulls", "most in 1 s"
    one = dict(zip(names, (1.0, math.nan, 2, 2, 0.2, 2, 1), strict=True))
    other = dict(zip(names, (0.5, 0.8, 3, 1, math.nan, 4, 2), strict=True))
    assert mean_scores([one, other]) == {
        "speaker": 0.75,
        "least": 0.5,
        "held": 0.8,
        "changes": 5,
        "in time": 3,
        "earliest": 0.2,
        "pulls": 6,
        "most in 1 s": 2,
    }
