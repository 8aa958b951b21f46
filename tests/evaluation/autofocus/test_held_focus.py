import math

import cv2
import numpy as np
import pytest

from rackfocus.evaluation.autofocus import entries, held_focus
from rackfocus.evaluation.autofocus.entries import Entries
from rackfocus.evaluation.autofocus.held_focus import (
    BoxedSubject,
    MaskedSubject,
    SubjectFocusTable,
    subject_medians,
)
from rackfocus.focus.annotation.json_file import save_annotation
from rackfocus.types import AnnotatedVideo, FocusAnnotation, FocusTarget, FocusTrack, InputError


def test_the_median_is_of_the_subject_alone():
    disparity = np.zeros((2, 9, 16), np.float32)
    disparity[1, 3:6, 4:8] = [[1, 2, 3, 3]] * 3
    mask = np.zeros((90, 160), bool)
    mask[30:60, 40:80] = True
    assert subject_medians(disparity, {1: mask}) == {1: 2.5}
    assert subject_medians(disparity, {0: ~mask & False, 5: mask}) == {}


def test_a_subject_smaller_than_a_cell_still_counts():
    disparity = np.arange(144, dtype=np.float32).reshape(1, 9, 16)
    mask = np.zeros((90, 160), bool)
    mask[51, 72] = True
    assert subject_medians(disparity, {0: mask}) == {0: 5 * 16 + 7}


def test_boxes_and_masks_are_read(tmp_path):
    (tmp_path / "boxes.csv").write_text("frame,left,top,right,bottom\n3,2,1,4,2\n")
    masks = BoxedSubject("a.mp4", str(tmp_path / "boxes.csv")).masks(8, 6)
    assert list(masks) == [3]
    assert masks[3].sum() == 6
    assert masks[3][1:3, 2:5].all()
    (tmp_path / "masks").mkdir()
    cv2.imwrite(str(tmp_path / "masks" / "0.png"), np.eye(6, 8, dtype=np.uint8) * 255)
    subject = MaskedSubject("frames", str(tmp_path / "masks"))
    assert subject.masks(8, 6)[0].sum() == 6
    with pytest.raises(InputError, match="masks of 9x6"):
        subject.masks(9, 6)
    with pytest.raises(InputError, match="boxes of a subject"):
        BoxedSubject("a.mp4", str(tmp_path / "no.csv")).masks(8, 6)


def track(focus, targets=()):
    count = len(focus)
    return FocusTrack(tuple(targets), np.zeros((count, 2)), np.array(focus), np.ones(count))


@pytest.fixture
def video(tmp_path):
    """Four frames of noise, as files."""
    folder = tmp_path / "frames"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for frame in range(4):
        cv2.imwrite(str(folder / f"{frame}.png"), rng.integers(0, 256, (24, 48, 3)).astype(np.uint8))
    return folder


def test_held_is_the_share_of_frames_within_a_level(monkeypatch, tmp_path, video):
    level = 48 / 384
    monkeypatch.setattr(held_focus, "follow", lambda *_: track([0, level, 1.1 * level, 3 * level]))
    monkeypatch.setattr(held_focus, "autofocus", lambda *_, **__: track([0, 0, 0, 0]))
    opened = held_focus.open_footage
    # Flat, but for a border behind it: an eighth of the picture.
    depth = np.repeat([[0.0] * 42 + [2 * level] * 6], 24, axis=0).astype(np.float32)
    given_depth = {"disparity": lambda _frame: depth}
    monkeypatch.setattr(
        held_focus, "open_footage", lambda path, **given: opened(path, **(given | given_depth))
    )
    (tmp_path / "boxes.csv").write_text(
        "frame,left,top,right,bottom\n" + "".join(f"{frame},4,4,40,20\n" for frame in range(4))
    )
    table = SubjectFocusTable({"noise": BoxedSubject(str(video), str(tmp_path / "boxes.csv"))}, None)
    followed, automatic, anywhere = table.rows(tmp_path, lambda _done, _total: None)
    assert (followed["held"], followed["within 2"], followed["frames"]) == (0.5, 0.75, 4)
    assert followed["|Δd|"] == pytest.approx((1 + 1.1 + 3) / 4)
    assert automatic["held"] == 1
    assert (anywhere["held"], anywhere["|Δd|"]) == (0.875, 0.25)
    assert [row["held"] for row in table.summary([followed, automatic, anywhere])] == [0.5, 1, 0.875]


def test_entries_are_found_or_not(monkeypatch, tmp_path, video):
    about = AnnotatedVideo("v.mp4", "0" * 64, 48, 24, 400, 10.0)
    note = FocusAnnotation(about, tuple(FocusTarget(frame, 3, 3, box=(0, 0, 9, 9)) for frame in (60, 200)))
    save_annotation(tmp_path / "entries.json", note)
    found = [FocusTarget(0, 1, 1), FocusTarget(52, 3, 3), FocusTarget(120, 3, 3), FocusTarget(216, 3, 3)]
    monkeypatch.setattr(entries, "autofocus", lambda *_, **__: track([0.0] * 300, found))
    monkeypatch.setattr(entries, "draw_timeline", lambda *_, **__: None)
    monkeypatch.setattr(entries, "thumbnails_at", lambda *_: ())
    table = Entries(str(video), str(tmp_path / "entries.json"), None)
    rows = list(table.rows(tmp_path, lambda _done, _total: None))
    assert [row["found"] for row in rows] == [True, False]
    assert (rows[0]["target"], rows[0]["Δt"]) == (52, -8)
    assert math.isnan(rows[1]["target"])
    assert table.summary(rows) == [
        {"entry": "all", "found": "1 of 2", "followed": "2 of 2", "other targets": 2}
    ]
