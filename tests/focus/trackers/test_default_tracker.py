"""Which tracker is used where none is chosen."""

import shutil

import torch

from rackfocus.focus.trackers import default_tracker as chosen
from rackfocus.focus.trackers.default_tracker import default_tracker
from rackfocus.focus.trackers.opencv import KCF, Nano


def test_nanotrack_where_its_files_are_found_and_nothing_is_said(shared, monkeypatch, caplog):
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", str(shared / "weights"))
    assert isinstance(default_tracker().tracker, Nano)
    assert not caplog.records


def test_kcf_where_a_file_is_missing_or_damaged_and_the_log_says_why(shared, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "cache"))
    shutil.copy(shared / "weights/nanotrack_v2_backbone.onnx", tmp_path)
    assert isinstance(default_tracker().tracker, KCF)
    (told,) = caplog.messages
    assert told.startswith("Subjects are followed by KCF, for want of NanoTrack, which is better: ")
    assert "The weights nanotrack_v2_head.onnx are missing; get it from HonglinChu/SiamTrackers" in told
    (tmp_path / "nanotrack_v2_head.onnx").write_bytes(b"no network")
    assert isinstance(default_tracker().tracker, KCF)
    assert "is not the file that" in caplog.messages[1]


def test_that_it_is_missing_is_told_once_a_process(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "cache"))
    chosen._tell.cache_clear()
    assert all(isinstance(default_tracker().tracker, KCF) for _ in range(3))
    assert len(caplog.messages) == 1
