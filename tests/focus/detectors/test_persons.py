from pathlib import Path

import cv2
import numpy as np
import pytest

from rackfocus.focus.detectors import ClipWindow, Detector
from rackfocus.focus.detectors.persons import Persons
from rackfocus.types import InputError

SHARED = Path(__file__).parents[4] / "shared"
WEIGHTS = SHARED / "weights" / "mediapipe_selfie_segmentation.onnx"
FRAMES = SHARED / "data" / "video" / "sam2_clips" / "05_default_juggle.mp4"


def window(image: np.ndarray, count: int = 1) -> ClipWindow:
    return ClipWindow(np.stack([image] * count), np.arange(count) / 25, np.zeros(count, bool))


def test_without_its_file_nobody_is_found_and_that_is_said(tmp_path: Path) -> None:
    detect = Persons(weights=tmp_path / "none.onnx")
    seen = window(np.zeros((90, 160, 3), np.uint8), 3)
    assert isinstance(detect, Detector)
    assert not detect(seen).any()
    assert "none.onnx are missing" in str(detect.missing(seen))


def test_another_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "other.onnx").write_bytes(b"no network")
    with pytest.raises(InputError, match="is not MediaPipe's selfie segmentation"):
        Persons(weights=tmp_path / "other.onnx")(window(np.zeros((90, 160, 3), np.uint8)))


@pytest.mark.skipif(not WEIGHTS.is_file(), reason="needs ../shared/weights")
@pytest.mark.skipif(not FRAMES.is_file(), reason="needs ../shared/data")
def test_a_man_across_a_lawn_is_found_from_head_to_foot() -> None:
    frame = cv2.cvtColor(cv2.VideoCapture(str(FRAMES)).read()[1], cv2.COLOR_BGR2RGB)
    detect = Persons(weights=WEIGHTS)
    (found,) = detect(window(cv2.resize(frame, (640, 360), interpolation=cv2.INTER_AREA)))
    assert found.shape == (90, 160)
    assert detect.missing(window(frame)) is None
    rows, columns = np.nonzero(found > 0.5)
    # He stands a little right of the middle, from a tenth to nine tenths of the height.
    assert 70 < columns.min() < columns.max() < 110
    assert rows.min() < 15
    assert rows.max() > 70
