from pathlib import Path

import cv2
import numpy as np
import pytest

from rackfocus.focus.detectors import ClipWindow, Detector
from rackfocus.focus.detectors import face_tracks as module
from rackfocus.focus.detectors.face import Faces
from rackfocus.focus.detectors.face_detection import Face, HaarCascade, YuNet, face_detection
from rackfocus.focus.detectors.face_tracks import face_tracks
from rackfocus.types import InputError
from rackfocus.video.decode import open_video

FPS = 25


def window(frames: np.ndarray, cuts: tuple[int, ...] = ()) -> ClipWindow:
    is_cut = np.zeros(len(frames), bool)
    is_cut[list(cuts)] = True
    return ClipWindow(frames, np.arange(len(frames)) / FPS, is_cut)


def blank(frames: int, height: int = 90, width: int = 160) -> np.ndarray:
    """Frames that carry their index in their first pixel."""
    pictures = np.zeros((frames, height, width, 3), np.uint8)
    pictures[:, 0, 0, 0] = np.arange(frames)
    return pictures


class Scripted:
    """Finds the faces that a script puts at `(x, y)` of a frame, each 20 pixels wide."""

    def __init__(self, script: dict[int, list[tuple[float, float]]], score: float = 0.9) -> None:
        self.script = script
        self.score = score
        self.looked_at: list[int] = []

    def __call__(self, image: np.ndarray) -> list[Face]:
        frame = int(image[0, 0, 0])
        self.looked_at.append(frame)
        return [
            Face(np.array([x - 10, y - 10, x + 10, y + 10], np.float32), None, self.score)
            for x, y in self.script.get(frame, [])
        ]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch):
    def use(script: dict[int, list[tuple[float, float]]], score: float = 0.9) -> Scripted:
        detect = Scripted(script, score)
        monkeypatch.setattr(module, "face_detection", lambda _weights: detect)
        return detect

    return use


@pytest.fixture(scope="module")
def talker(shared: Path) -> np.ndarray:
    """Two frames of a talker, side by side with the same one mirrored."""
    with open_video(shared / "data" / "video" / "grid_talkers" / "bbaf2n.mpg") as video:
        frames = [np.asarray(frame.encoded) for frame in video.frames(0, 2)]
    pictures = [(frame.transpose(1, 2, 0) * 255).astype(np.uint8) for frame in frames]
    return np.stack([np.concatenate([one, one[:, ::-1]], axis=1) for one in pictures])


def test_a_face_that_moves_is_followed_and_what_lies_between_is_interpolated(scripted) -> None:
    detect = scripted({frame: [(20.0 + 2 * frame, 40.0)] for frame in range(30)})
    (track,) = face_tracks(window(blank(30)), every_s=0.2, smoothing_s=0.0)
    assert detect.looked_at == [0, 5, 10, 15, 20, 25, 29]
    assert track.frames == range(30)
    np.testing.assert_allclose(track.boxes[:, 0], 10 + 2 * np.arange(30), atol=1e-4)
    assert track.landmarks is None
    np.testing.assert_allclose(track.scores, 0.9, rtol=1e-6)


def test_smoothing_keeps_even_motion(scripted) -> None:
    scripted({frame: [(20.0 + 2 * frame, 40.0)] for frame in range(30)})
    (track,) = face_tracks(window(blank(30)), every_s=0.0, smoothing_s=0.2)
    np.testing.assert_allclose(track.boxes[:, 0], 10 + 2 * np.arange(30), atol=1e-4)


def test_faces_side_by_side_keep_apart_and_the_longest_is_the_first(scripted) -> None:
    scripted({frame: [(130.0, 40.0), *([(30.0, 40.0)] if frame < 20 else [])] for frame in range(30)})
    one, other = face_tracks(window(blank(30)), every_s=0.0)
    assert one.boxes[0, 0] == pytest.approx(120)
    assert other.boxes[0, 0] == pytest.approx(20)
    assert other.frames == range(20)


def test_a_gap_is_bridged_up_to_a_time(scripted) -> None:
    scripted({frame: [(50.0, 40.0)] for frame in (*range(5), *range(20, 25), *range(60, 65))})
    tracks = face_tracks(window(blank(65)), every_s=0.0, bridged_s=1.0)
    assert sorted(track.frames.start for track in tracks) == [0, 60]
    assert max(len(track.boxes) for track in tracks) == 25


def test_no_track_crosses_a_cut(scripted) -> None:
    scripted({frame: [(50.0, 40.0)] for frame in range(20)})
    tracks = face_tracks(window(blank(20), cuts=(8,)), every_s=0.2)
    assert sorted((track.frames.start, track.frames.stop) for track in tracks) == [(0, 8), (8, 20)]


def test_what_is_seen_once_or_never_surely_is_no_face(scripted) -> None:
    scripted({7: [(50.0, 40.0)]})
    assert face_tracks(window(blank(20)), every_s=0.0) == []
    scripted({frame: [(50.0, 40.0)] for frame in range(20)}, score=0.6)
    assert face_tracks(window(blank(20)), every_s=0.0) == []


def test_one_frame_is_enough_where_there_is_no_other(scripted) -> None:
    scripted({0: [(50.0, 40.0)]})
    (track,) = face_tracks(window(blank(1)))
    assert track.frames == range(1)


def test_the_same_window_is_looked_at_once(scripted) -> None:
    detect = scripted({frame: [(50.0, 40.0)] for frame in range(6)})
    seen = window(blank(6))
    assert face_tracks(seen) is face_tracks(seen)
    assert len(detect.looked_at) == len(set(detect.looked_at))


def test_maps_are_ellipses_where_the_faces_are(scripted) -> None:
    scripted({frame: [(50.0, 40.0)] for frame in range(6)})
    maps = Faces()(window(blank(6)))
    assert maps.shape == (6, 90, 160)
    assert maps.dtype == np.float32
    np.testing.assert_allclose(maps[:, 36:45, 46:55], 0.9, rtol=1e-3)
    assert maps[:, :, 75:].max() < 1e-3
    assert maps[:, :20].max() < 1e-3


def test_small_faces_can_be_left_out(scripted) -> None:
    scripted({frame: [(50.0, 40.0)] for frame in range(6)})
    assert not Faces(smallest=0.2)(window(blank(6))).any()
    assert Faces(smallest=0.1)(window(blank(6))).any()


def test_yunet_finds_both_talkers_and_their_mouths(
    talker: np.ndarray, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", str(shared / "weights"))
    seen = window(talker)
    tracks = face_tracks(seen)
    assert len(tracks) == 2
    middles = sorted(float(track.boxes[0, [0, 2]].mean()) for track in tracks)
    width = talker.shape[2]
    assert middles[0] + middles[1] == pytest.approx(width - 1, abs=8)
    for track in tracks:
        assert track.landmarks is not None
        eyes, mouth = track.landmarks[0, :2, 1].mean(), track.landmarks[0, 3:, 1].mean()
        assert track.boxes[0, 1] < eyes < mouth < track.boxes[0, 3]
    detect = Faces()
    assert isinstance(detect, Detector)
    assert detect.missing(seen) is None
    assert detect(seen).shape == (2, *seen.map_size)


def test_without_the_weights_the_haar_cascade_finds_them_with_a_warning(
    talker: np.ndarray, tmp_path: Path
) -> None:
    seen = window(talker[:1])
    detect = Faces(weights=tmp_path / "none.onnx")
    maps = detect(seen)
    rows, columns = seen.map_size
    assert maps[0, rows // 2, columns // 5 : columns // 3].max() > 0.5
    assert maps[0, rows // 2, -columns // 3 : -columns // 5].max() > 0.5
    sentence = detect.missing(seen)
    assert sentence is not None
    assert "Haar" in sentence


def test_without_any_detector_there_are_no_faces_and_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cv2, "__file__", str(tmp_path / "cv2" / "__init__.py"))
    assert face_detection(tmp_path / "none.onnx") is None
    seen = window(blank(3))
    detect = Faces(weights=tmp_path / "none.onnx")
    assert not detect(seen).any()
    assert "are missing" in str(detect.missing(seen))


def test_what_is_no_yunet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"no network")
    with pytest.raises(InputError, match="is not YuNet"):
        YuNet(weights=tmp_path / "bad.onnx")


@pytest.mark.parametrize("size", [(1, 1), (1, 90), (17, 40)])
def test_tiny_and_black_frames_have_no_face(size: tuple[int, int], shared: Path) -> None:
    picture = np.zeros((*size, 3), np.uint8)
    assert HaarCascade()(picture) == []
    assert YuNet(weights=shared / "weights" / "yunet_n_320_320.onnx")(picture) == []


def test_a_video_without_a_face_is_told(shared: Path) -> None:
    detect = Faces(weights=shared / "weights" / "yunet_n_320_320.onnx")
    assert detect.missing(window(blank(4))) == "No face was found."
