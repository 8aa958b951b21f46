import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from rackfocus.evaluation.autofocus import entries
from rackfocus.evaluation.autofocus.entries import Entries
from rackfocus.evaluation.autofocus.subject_focus import (
    BoxedSubject,
    MaskedSubject,
    SubjectFocus,
    subject_scores,
)
from rackfocus.focus.annotation.json_file import save_annotation
from rackfocus.focus.modes import target_finder
from rackfocus.types import AnnotatedVideo, FocusAnnotation, FocusTarget, FocusTrack, InputError


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


def test_scores_of_points_and_focus():
    level = 48 / 384
    mask = np.zeros((24, 48), bool)
    mask[8:16, 16:32] = True
    depth = torch.full((1, 24, 48), 3 * level)
    depth[0, 8:16, 16:32] = level
    focus = replace(
        track([level, level, 3 * level, 3 * level, 7]),
        points=np.array([[16, 8], [31.4, 15], [32, 15], [0, 0], [-9, 99]]),
    )
    # In frame 3 nobody is there; frame 9 is not in the video.
    masks = {0: mask, 1: mask, 2: mask, 3: mask & False, 9: mask}
    scores = subject_scores(focus, masks, lambda _frame: depth, is_outlined=True)
    assert scores["frames"] == 3
    assert scores["on subject"] == pytest.approx(2 / 3)
    # The last one isolates what is around the subject.
    assert (scores["isolation"], scores["at its median"]) == (pytest.approx(2 / 3), 1)
    assert scores["|Δd|"] == pytest.approx(2 / 3)
    assert scores["step"] == pytest.approx((0 + 2 + 0 + 7 / level - 3) / 4)
    boxed = subject_scores(focus, masks, lambda _frame: depth, is_outlined=False)
    assert math.isnan(boxed["isolation"])
    assert boxed["on subject"] == scores["on subject"]


def test_a_subject_is_followed_from_one_target_and_by_autofocus(tmp_path, video):
    (tmp_path / "boxes.csv").write_text("frame,left,top,right,bottom\n0,16,8,31,15\n3,0,0,47,23\n")
    table = SubjectFocus(
        {"noise": BoxedSubject(str(video), str(tmp_path / "boxes.csv"))},
        target_finder("action"),
        network_size_px=48,
        device="cpu",
    )
    (tmp_path / "run").mkdir()
    steps = []
    rows = list(table.rows(tmp_path / "run", lambda *step: steps.append(step)))
    assert [row["focus"] for row in rows] == ["one target", "autofocus"]
    assert [(row["video"], row["frames"]) for row in rows] == [("noise", 2)] * 2
    # The target is in the middle of the first box, and the last box is the whole frame.
    assert rows[0]["on subject"] == 1
    assert steps == [(1, 1)]
    assert not list((tmp_path / "run").iterdir())
    assert [row["focus"] for row in table.summary(rows)] == ["one target", "autofocus"]


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
