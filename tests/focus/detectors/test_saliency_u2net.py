import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from rackfocus.focus.detectors import ClipWindow, Detector
from rackfocus.focus.detectors.saliency_u2net import U2Net
from rackfocus.types import InputError


@pytest.fixture
def detect(shared: Path, monkeypatch: pytest.MonkeyPatch) -> U2Net:
    pytest.importorskip("onnxruntime")
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", str(shared / "weights"))
    return U2Net(threads=1)


def window(frames: np.ndarray) -> ClipWindow:
    return ClipWindow(frames, np.arange(len(frames)) / 25, np.zeros(len(frames), bool))


def test_a_ball_on_a_floor_is_salient(detect: U2Net) -> None:
    picture = np.full((120, 200, 3), (120, 110, 100), np.uint8)
    cv2.circle(picture, (130, 70), 25, (220, 40, 40), -1)
    seen = window(picture[None])
    maps = detect(seen)
    assert isinstance(detect, Detector)
    assert maps.shape == (1, *seen.map_size)
    assert 0 <= maps.min() <= maps.max() <= 1
    ball = maps[0, 52:60, 100:108]
    assert ball.mean() > 0.8
    assert maps[0, :, :40].mean() < 0.1
    assert detect.missing(seen) is None


@pytest.mark.parametrize("size", [(1, 1), (1, 60), (50, 80)])
def test_black_has_nothing_salient(detect: U2Net, size: tuple[int, int]) -> None:
    seen = window(np.zeros((1, *size, 3), np.uint8))
    maps = detect(seen)
    assert maps.shape == (1, *seen.map_size)
    assert not maps.any()


def test_another_network_is_refused(shared: Path) -> None:
    pytest.importorskip("onnxruntime")
    with pytest.raises(InputError, match="is not U2-Net"):
        U2Net(weights=shared / "weights" / "fastdepth_7.onnx")


def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    (tmp_path / "u.onnx").write_bytes(b"no network")
    with pytest.raises(InputError, match="cannot be read as an ONNX model"):
        U2Net(weights=tmp_path / "u.onnx")


def test_without_onnxruntime_a_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match="onnxruntime, which is not installed"):
        U2Net()
