import json

import numpy as np
import pytest

from rackfocus import InputError
from rackfocus.evaluation.autofocus.speech.conversations import (
    Conversations,
    Speech,
    conversation_scores,
    read_speeches,
)
from rackfocus.types import FocusTarget, FocusTrack


def track(xs):
    points = np.stack([np.array(xs, float), np.full(len(xs), 50.0)], axis=1)
    return FocusTrack(
        (FocusTarget(0, xs[0], 50), FocusTarget(4, xs[-1], 50)), points, points[:, 0], points[:, 0]
    )


def test_who_is_in_focus_is_who_speaks_alone_or_over_another():
    speeches = [
        Speech("left", 20, 50, 0.0, 0.4, False),
        Speech("right", 80, 50, 0.4, 0.8, True),
        Speech("left", 24, 50, 0.6, 0.8, True),
    ]
    scores = conversation_scores(track([22] * 2 + [50] * 2 + [80] * 6), speeches, near_px=10, fps=10.0)
    assert scores == {
        "sure s": 0.8,
        "speaker": 6 / 8,
        "alone": 2 / 4,
        "one face": 6 / 8,
        "pulls": 1,
        "most in 1 s": 1,
    }


def test_who_speaks_is_read_in_the_order_of_time(tmp_path):
    path = tmp_path / "a.speakers.json"
    later = {"start_s": 3, "end_s": 4.5, "speaker": "b", "x": 5, "y": 6, "overlap": True}
    path.write_text(json.dumps({"turns": [later, {**later, "start_s": 1, "end_s": 2, "overlap": False}]}))
    assert read_speeches(path) == [Speech("b", 5, 6, 1, 2, False), Speech("b", 5, 6, 3, 4.5, True)]


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"turns": []}', '{"turns": [{"speaker": "b", "x": 1, "y": 1, "start_s": 2, "end_s": 1}]}'],
)
def test_a_file_that_does_not_tell_who_speaks_is_told(tmp_path, text):
    path = tmp_path / "a.speakers.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"a\.speakers\.json does not tell who speaks"):
        read_speeches(path)


def test_a_folder_without_conversations_is_told(tmp_path):
    table = Conversations(folder=str(tmp_path), autofocus=None)
    with pytest.raises(InputError, match=r"must hold videos with NAME\.speakers\.json"):
        list(table.rows(tmp_path, lambda _done, _count: None))
