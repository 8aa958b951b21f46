import pytest

from rackfocus.evaluation.autofocus.speech.composing import MOUTHING, OTHERS, STILL
from rackfocus.evaluation.autofocus.speech.talkers import Talkers


@pytest.fixture
def conversation(monkeypatch, shared):
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", str(shared / "weights"))
    pytest.importorskip("onnxruntime")
    pytest.importorskip("silero_vad")
    from rackfocus.focus.modes import scene_specific

    return scene_specific("conversation")


@pytest.mark.slow
def test_real_people(conversation, shared, tmp_path):
    table = Talkers(str(shared / "data" / "video" / "grid_talkers"), conversation, first_seed=0, count=2)
    rows = list(table.rows(tmp_path, lambda _done, _count: None))
    assert [row["others"] for row in rows] == [STILL, MOUTHING, STILL, MOUTHING]
    still, mouthing = table.summary(rows)
    assert (still["others"], mouthing["others"]) == OTHERS
    assert still["speaker"] >= 0.9
    assert mouthing["speaker"] >= 0.8
