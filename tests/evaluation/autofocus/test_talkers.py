from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from rackfocus import InputError
from rackfocus.evaluation.autofocus.talkers import (
    ARRANGEMENTS,
    MOUTHING,
    STILL,
    Arrangement,
    Talker,
    Talkers,
    Turn,
    read_talkers,
    scores,
    write_conversation,
)
from rackfocus.focus.puller import FocusPuller
from rackfocus.types import FocusTarget, FocusTrack
from rackfocus.video import open_video
from rackfocus.video.sound.samples import RATE, read_sound


def talker(grey):
    """Brighter from frame to frame, and as loud as bright."""
    frames = np.stack([np.full((16, 24, 3), grey + 10 * at, np.uint8) for at in range(5)])
    return Talker(frames, np.full(RATE // 2, grey / 255, np.float32), (0.1, 0.3))


@pytest.mark.parametrize(("others", "muted"), [(STILL, 200), (MOUTHING, 240)])
def test_a_conversation_is_who_speaks_beside_who_does_not(tmp_path, others, muted):
    talkers = [talker(60), talker(120), talker(200)]
    path = tmp_path / "conversation.mkv"
    turns = write_conversation(
        path, talkers, Arrangement((3, 2), (0, 1)), fps=Fraction(10), others=others
    )  # 3 is 0 again
    assert turns == [Turn(0, 1, 3), Turn(1, 6, 8)]
    with open_video(path) as video:
        frames = [(frame.encoded[1] * 255).numpy() for frame in video.frames()]
    assert len(frames) == 10
    assert frames[4][:, :20].mean() == pytest.approx(100, abs=3)
    assert frames[4][:, 28:].mean() == pytest.approx(muted, abs=3)
    heard = read_sound(path, 0.0, 1.0)[0]
    assert heard[RATE // 4] == pytest.approx(60 / 255, abs=1e-3)
    assert heard[3 * RATE // 4] == pytest.approx(200 / 255, abs=1e-3)


def judged(targets, found, points):
    track = FocusTrack(targets, points, np.zeros(100), np.ones(100))
    turns = [Turn(0, 10, 30), Turn(1, 60, 80)]
    watched = SimpleNamespace(found=found)
    puller = FocusPuller(early_frames=2)
    return scores(watched, track, turns, 2, width=50, fps=10.0, puller=puller)


def test_scores_of_a_conversation():
    points = np.full((100, 2), 20.0)
    points[60:] = 70.0
    found = {at / 10: 0.2 for at in range(30)} | {at / 10: 0.9 for at in range(70, 100)}
    row = judged((FocusTarget(0, 20, 5), FocusTarget(57, 70, 5)), found, points)
    assert row["face"] == pytest.approx(30 / 40)
    assert row["focus"] == 1
    assert (row["changes"], row["in time"], row["earliest"]) == (1, 1, pytest.approx(0.5))


@pytest.mark.parametrize(
    ("targets", "in_time"),
    [
        ([(0, 20), (62, 70)], 1),  # arrives with the first word
        ([(0, 20), (63, 70)], 0),  # too late
        ([(0, 20), (47, 70)], 1),  # 1.5 s early
        ([(0, 20), (46, 70)], 0),  # earlier
        ([(0, 20), (40, 70), (55, 20), (58, 70)], 1),  # away again meanwhile
        ([(0, 20), (40, 70), (58, 72)], 0),  # on the same all the time
        ([(0, 20)], 0),
        ([], 0),
    ],
)
def test_focus_is_in_time_or_is_not(targets, in_time):
    targets = tuple(FocusTarget(t, x, 5) for t, x in targets)
    assert judged(targets, {}, np.zeros((100, 2)))["in time"] == in_time


def test_clips_that_are_no_use_are_told(tmp_path):
    with pytest.raises(InputError, match="two or more clips"):
        read_talkers(tmp_path)


def test_there_are_eight_conversations_of_two_and_three():
    assert len(ARRANGEMENTS) >= 8
    assert {len(each.talkers) for each in ARRANGEMENTS} == {2, 3}
    for each in ARRANGEMENTS:
        assert set(each.turns) <= set(range(len(each.talkers)))


@pytest.fixture
def conversation(monkeypatch, shared):
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", str(shared / "weights"))
    pytest.importorskip("onnxruntime")
    pytest.importorskip("silero_vad")
    from rackfocus.focus.modes import scene_specific

    return scene_specific("conversation")


def test_two_real_people(conversation, shared, tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    for name in ("lbbc2a.mpg", "lrwp9a.mpg"):
        (folder / name).symlink_to(shared / "data" / "video" / "grid_talkers" / name)
    table = Talkers(str(folder), conversation, longer_side_px=320, arrangements=[Arrangement((0, 1), (1,))])
    rows = list(table.rows(tmp_path, lambda _done, _count: None))
    assert [row["others"] for row in rows] == [STILL, MOUTHING]
    assert rows[0]["face"] >= 0.95
    assert rows[1]["face"] >= 0.75


@pytest.mark.slow
def test_real_people(conversation, shared, tmp_path):
    table = Talkers(str(shared / "data" / "video" / "grid_talkers"), conversation)
    still, mouthing = table.summary(list(table.rows(tmp_path, lambda _done, _count: None)))
    assert still["face"] >= 0.95
    assert mouthing["face"] >= 0.75
    for row in (still, mouthing):
        assert row["in time"] >= 0.9 * row["changes"]
        assert row["earliest"] <= 1.5
