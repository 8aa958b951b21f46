"""Face tracks: detections in every few frames are linked, gaps filled, and boxes smoothed.

Detections are linked within a shot by the predicted position at constant velocity. A face that is missed for
a while, because it turns away, keeps its track. A track needs at least one confident detection and more than
one in total, which removes brief false detections.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
from jaxtyping import Float, Float32

from rackfocus.focus.detectors.face_detection import Face, FaceDetection, face_detection
from rackfocus.focus.detectors.window import ClipWindow


@dataclass(frozen=True, eq=False)
class FaceTrack:
    """One face in successive frames of a window, in pixels of its frames.

    Attributes:
        first: the frame of the window in which the track begins.
        boxes: left, top, right, bottom; a face at the edge may extend beyond the frame.
        landmarks: x and y of the right eye, left eye, tip of the nose, right and left corner of the mouth
            (right from the person's view). `None`: the detector has no landmarks.
        scores: confidence of the detector, 0 to 1; interpolated between detections.
    """

    first: int
    boxes: Float32[np.ndarray, "frame 4"]
    landmarks: Float32[np.ndarray, "frame 5 2"] | None
    scores: Float32[np.ndarray, " frame"]

    @property
    def frames(self) -> range:
        """The frames of the window in the track."""
        return range(self.first, self.first + len(self.boxes))

    @property
    def sides(self) -> Float32[np.ndarray, " frame"]:
        """The size of the face: the side of a square of the same area as its box."""
        return np.sqrt(np.prod(self.boxes[:, 2:] - self.boxes[:, :2], axis=1).clip(0))


_FOUND: WeakKeyDictionary[ClipWindow, dict[tuple[object, ...], list[FaceTrack]]] = WeakKeyDictionary()
"""A cache, because the detectors of faces and of speakers need the faces of the same window."""


def face_tracks(
    window: ClipWindow,
    *,
    weights: str | Path = "yunet_n_320_320.onnx",
    every_s: float = 0.08,
    bridged_s: float = 1.0,
    sure_score: float = 0.75,
    smoothing_s: float = 0.1,
) -> list[FaceTrack]:
    """The faces of a window, the longest track first; empty if there is no face, or no detector.

    Args:
        window: some frames.
        weights: of YuNet; if they are missing, OpenCV's Haar cascade is used.
        every_s: time between frames in which faces are detected; faces between them are interpolated.
        bridged_s: the longest gap in a track.
        sure_score: minimum score of the best detection of a track.
        smoothing_s: standard deviation of the Gaussian that smooths boxes and landmarks over time.
    """
    settings = (str(weights), every_s, bridged_s, sure_score, smoothing_s)
    found = _FOUND.setdefault(window, {})
    if settings not in found:
        detect = face_detection(weights)
        tracks = (
            []
            if detect is None
            else [
                track
                for shot in window.shots
                for track in _tracks_of_shot(
                    window, shot, detect, every_s, bridged_s, sure_score, smoothing_s
                )
            ]
        )
        found[settings] = sorted(tracks, key=lambda track: -len(track.boxes))
    return found[settings]


@dataclass
class _Linked:
    """Detections of one face, with their frames."""

    frames: list[int]
    faces: list[Face]

    def expected(self, frame: int) -> Float32[np.ndarray, " 4"]:
        """The predicted box in another frame, from the velocity between the last two detections."""
        last = self.faces[-1].box
        if len(self.faces) < 2:
            return last
        step = self.frames[-1] - self.frames[-2]
        # Extrapolated by one step at most: after a longer time a head has turned or stopped.
        return last + (last - self.faces[-2].box) * min(1.0, (frame - self.frames[-1]) / step)


def _tracks_of_shot(
    window: ClipWindow,
    shot: slice,
    detect: FaceDetection,
    every_s: float,
    bridged_s: float,
    sure_score: float,
    smoothing_s: float,
) -> list[FaceTrack]:
    times = window.times_s
    count = shot.stop - shot.start
    frame_s = float(times[shot.stop - 1] - times[shot.start]) / max(1, count - 1) or every_s
    step = max(1, round(every_s / frame_s))
    looked_at = sorted({*range(shot.start, shot.stop, step), shot.stop - 1})
    linked: list[_Linked] = []
    for frame in looked_at:
        open_tracks = [one for one in linked if times[frame] - times[one.frames[-1]] <= bridged_s + every_s]
        _link(open_tracks, linked, frame, detect(window.frames[frame]))
    least = min(2, len(looked_at))
    return [
        _filled(one, shot, step // 2, smoothing_s / frame_s)
        for one in linked
        if len(one.faces) >= least and max(face.score for face in one.faces) >= sure_score
    ]


def _link(open_tracks: Sequence[_Linked], linked: list[_Linked], frame: int, faces: list[Face]) -> None:
    """Add each face to the track with the nearest prediction, or begin a new track."""
    pairs = sorted(
        (
            (face_likeness(one.expected(frame), face.box), number, place)
            for number, one in enumerate(open_tracks)
            for place, face in enumerate(faces)
        ),
        reverse=True,
    )
    taken: set[int] = set()
    given: set[int] = set()
    for nearness, number, place in pairs:
        if nearness > 0 and number not in taken and place not in given:
            open_tracks[number].frames.append(frame)
            open_tracks[number].faces.append(faces[place])
            taken.add(number)
            given.add(place)
    linked += [_Linked([frame], [face]) for place, face in enumerate(faces) if place not in given]


def face_likeness(one: Float[np.ndarray, " 4"], other: Float[np.ndarray, " 4"]) -> float:
    """1 for the same box, 0 if centres are 1.3 sides apart or one is half as wide; it may be below."""
    sides = [float(np.sqrt(max(1e-6, (box[2] - box[0]) * (box[3] - box[1])))) for box in (one, other)]
    apart = float(np.hypot(*((one[:2] + one[2:]) - (other[:2] + other[2:])))) / 2 / (sum(sides) / 2)
    return 1 - apart / 1.3 - abs(float(np.log2(sides[0] / sides[1])))


def _filled(one: _Linked, shot: slice, margin: int, sigma_frames: float) -> FaceTrack:
    """One box for each frame; half a detection interval is added before the first and after the last."""
    first = max(shot.start, one.frames[0] - margin)
    frames = np.arange(first, min(shot.stop, one.frames[-1] + margin + 1))
    scores = np.interp(frames, one.frames, [face.score for face in one.faces]).astype(np.float32)
    points = [face.landmarks for face in one.faces]
    known = [some for some in points if some is not None]
    values = np.stack([face.box for face in one.faces])
    if len(known) == len(points):
        values = np.concatenate([values, np.stack(known).reshape(-1, 10)], axis=1)
    smooth = np.stack(
        [_smoothed(np.interp(frames, one.frames, column), sigma_frames) for column in values.T], axis=1
    ).astype(np.float32)
    landmarks = smooth[:, 4:].reshape(-1, 5, 2) if smooth.shape[1] > 4 else None
    return FaceTrack(first, smooth[:, :4], landmarks, scores)


def _smoothed(values: Float32[np.ndarray, " frame"], sigma: float) -> Float32[np.ndarray, " frame"]:
    """Smooth by a Gaussian; the curve is extended by point reflection at its ends, which keeps its slope."""
    reach = min(int(3 * sigma), len(values) - 1)
    if reach < 1:
        return values
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    longer = np.pad(values, reach, mode="reflect", reflect_type="odd")
    return np.convolve(longer, weights / weights.sum(), mode="valid")
