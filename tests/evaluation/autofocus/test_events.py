"""Events of real videos: exact scores, and a file of events that is no such file."""

import math

import cv2
import numpy as np
import pytest

from rackfocus.evaluation.autofocus.events import COLUMNS, Event, Events, event_scores, read_events
from rackfocus.focus.modes import target_finder
from rackfocus.types import FocusTarget, FocusTrack, InputError

LEFT, RIGHT = (0.0, 0.0, 9.0, 9.0), (20.0, 0.0, 29.0, 9.0)
HEADER = ",".join(COLUMNS) + "\n"


def track(xs, targets):
    points = np.stack([np.array(xs, float), np.full(len(xs), 5.0)], axis=1)
    return FocusTrack(
        tuple(FocusTarget(t, xs[t], 5) for t in targets), points, points[:, 0], np.ones(len(xs))
    )


def test_what_was_found_when_and_where():
    events = [
        Event("a", 0.0, 1.0, "left", LEFT),
        Event("a", 1.0, 2.0, "right", RIGHT),
        Event("a", 2.0, 3.0, "a whip pan", None),
        Event("a", 3.0, 4.0, "left again", LEFT),
    ]
    # At 14 it is in time, at 22 in the blur, at 36 too late.
    rows = list(event_scores(track([5] * 14 + [25] * 26, [0, 14, 22, 36]), events, fps=10.0, within_s=0.5))
    assert [row["at s"] for row in rows] == [0, 1, 2, 3]
    assert [row.get("found") for row in rows] == [True, True, None, False]
    assert [row.get("on it") for row in rows] == [True, False, None, False]
    assert (rows[1]["target s"], rows[1]["Δt s"]) == (1.4, pytest.approx(0.4))
    assert math.isnan(rows[3]["Δt s"])
    assert rows[2]["in blur"] == 1
    assert {row["others"] for row in rows} == {2}
    table = Events(folder="", events="", autofocus=None)
    assert table.summary(rows) == [
        {"video": "all", "found": "2 of 3", "on it": "1 of 3", "in blur": 1, "others": 2}
    ]


def test_the_last_subject_may_begin_with_the_last_frame():
    (_, row) = event_scores(
        track([5] * 10 + [25], [0, 10]),
        [Event("a", 0.0, 1.0, "left", LEFT), Event("a", 1.04, 1.1, "right", RIGHT)],
        fps=10.0,
        within_s=0.5,
    )
    assert (row["found"], row["on it"]) == (True, True)


def test_a_still_video_has_one_target(tmp_path):
    random = np.random.default_rng(0)
    (tmp_path / "noise").mkdir()
    picture = random.integers(0, 256, (24, 48, 3)).astype(np.uint8)
    for frame in range(6):
        cv2.imwrite(str(tmp_path / f"noise/{frame}.png"), picture)
    path = tmp_path / "events.csv"
    path.write_text(HEADER + "noise,0,0.1,all of it,0,0,47,23\nnoise,0.1,0.2,a blur,,,,\n")
    steps = []
    table = Events(
        folder=str(tmp_path),
        events=str(path),
        autofocus=target_finder("action"),
        network_size_px=48,
        device="cpu",
    )
    rows = list(table.rows(tmp_path, lambda *step: steps.append(step)))
    assert [(row["video"], row["what"], row["others"]) for row in rows] == [
        ("noise", "all of it", 0),
        ("noise", "a blur", 0),
    ]
    assert (rows[0]["found"], rows[0]["on it"], rows[1]["in blur"]) == (True, True, 0)
    assert steps == [(1, 1)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("video,start_s\na,0\n", "cannot be read as events"),
        (HEADER + "a,0,x,what,,,,\n", "cannot be read as events"),
        (HEADER + "a,0,1,what,1,2,,4\n", "cannot be read as events"),
        (HEADER + "a,0,2,what,,,,\na,1,3,what,,,,\n", "must follow each other; see 0 s"),
    ],
)
def test_a_file_of_no_events_is_told(tmp_path, text, says):
    path = tmp_path / "events.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=says):
        read_events(path)
    with pytest.raises(InputError, match="cannot be read as events"):
        read_events(tmp_path / "none.csv")
