"""Detector of the liveliest face, for people without sound.

Viewers look at a talking face between nose and mouth rather than at its middle (Vo et al. 2012, "Do the eyes
really have it? Dynamic allocation of attention when viewing moving faces"), so that point is marked.
"""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32

from rackfocus.focus.detectors.face import Faces
from rackfocus.focus.detectors.face_tracks import FaceTrack
from rackfocus.focus.detectors.over_time import frame_s, smoothed
from rackfocus.focus.detectors.window import ClipWindow

MOUTH_PX = (64, 48)
"""Width and height of the pictures of a mouth that are compared."""
EYES = 0.4
"""Height of the eyes in a box, from its top."""
NOISE = 2.0
"""Minimum mean change of a mouth, of 255: that of compression artefacts."""


class LivelyFaces:
    """The faces of a window, weighted by their liveliness relative to the liveliest face, which has 1.

    Liveliness is the change of the mouth, relative to its own mean change, since some people move all the
    time; times the face's size, since viewers look at near faces; times a Gaussian around the centre, where
    viewers look more often than subjects explain (Tatler 2007, "The central fixation bias in scene viewing").

    Args:
        smallest: the side of the smallest face that counts, in diagonals of the frame.
        apart_s: time between the pictures of a mouth that are compared.
        smoothing_s: standard deviation of the Gaussian over time.
        contrast: exponent applied to the relative liveliness.
        spread: standard deviation of the Gaussian around the centre, in widths and heights of the frame.
        weights: of YuNet; if they are missing, OpenCV's Haar cascade is used.
    """

    def __init__(
        self,
        *,
        smallest: float = 0.04,
        apart_s: float = 0.08,
        smoothing_s: float = 0.4,
        contrast: float = 3.0,
        spread: float = 0.4,
        weights: str | Path = "yunet_n_320_320.onnx",
    ) -> None:
        self.apart_s = apart_s
        self.smoothing_s = smoothing_s
        self.contrast = contrast
        self.spread = spread
        self.faces = Faces(weights=weights, smallest=smallest)

    def __call__(self, window: ClipWindow) -> Float32[np.ndarray, "frame rows columns"]:
        """See `rackfocus.focus.detectors.window.Detector`."""
        tracks = self.faces.tracks(window)
        liveliness = np.zeros((len(tracks), len(window.frames)), np.float32)
        for one, track in zip(liveliness, tracks, strict=True):
            one[track.frames] = (
                float(np.median(track.sides)) * self.liveliness(window, track) * self._central(window, track)
            )
        most = liveliness.max(axis=0, initial=1e-9)
        shares = (liveliness / most) ** self.contrast
        return self.faces.drawn(window, [_lower_half(track) for track in tracks], shares)

    def missing(self, window: ClipWindow) -> str | None:
        """See `rackfocus.focus.detectors.window.Detector`."""
        return self.faces.missing(window)

    def lacks(self) -> str | None:
        """What this detector lacks for any window; see `Faces.lacks`."""
        return self.faces.lacks()

    def tracks(self, window: ClipWindow) -> list[FaceTrack]:
        """The faces that are not too small."""
        return self.faces.tracks(window)

    def liveliness(self, window: ClipWindow, track: FaceTrack) -> Float32[np.ndarray, " frame"]:
        """The motion of a mouth relative to its mean motion, in each frame of a track."""
        shown_s = frame_s(window, slice(track.frames.start, track.frames.stop))
        step = max(1, round(self.apart_s / shown_s))
        mouths = [_mouth(window, track, number) for number in range(len(track.boxes))]
        change = np.zeros(len(mouths), np.float32)
        for number in range(step, len(mouths)):
            difference = mouths[number] - mouths[number - step]
            change[number] = np.abs(difference - difference.mean()).mean()
        change[:step] = change[min(step, len(change) - 1)]
        change = smoothed(change[:, None, None], self.smoothing_s / shown_s).ravel()
        return (change + NOISE) / (float(change.mean()) + NOISE)

    def _central(self, window: ClipWindow, track: FaceTrack) -> Float32[np.ndarray, " frame"]:
        size = np.array(window.frames.shape[2:0:-1], np.float32)
        off_centre = (track.boxes[:, :2] + track.boxes[:, 2:]) / (2 * size) - 0.5
        return np.exp(-0.5 * np.square(off_centre / self.spread).sum(axis=1))


def _lower_half(track: FaceTrack) -> FaceTrack:
    """The part of a face below the eyes; centred between nose and mouth, if landmarks are known."""
    boxes = track.boxes.copy()
    boxes[:, 1] += EYES * (boxes[:, 3] - boxes[:, 1])
    if track.landmarks is not None:
        nose, mouth = track.landmarks[:, 2], track.landmarks[:, 3:].mean(axis=1)
        # In profile, nose and mouth are at the border of the box.
        boxes += np.tile((nose + mouth) / 2 - (boxes[:, :2] + boxes[:, 2:]) / 2, 2)
    return replace(track, boxes=boxes)


def _mouth(window: ClipWindow, track: FaceTrack, number: int) -> Float32[np.ndarray, "rows columns"]:
    """A picture of the mouth, blurred, so that jitter of the face changes little."""
    left, top, right, bottom = track.boxes[number]
    middle = ((left + right) / 2, top + 0.78 * (bottom - top))
    if track.landmarks is not None:
        middle = track.landmarks[number, 3:].mean(axis=0)
    width, height = MOUTH_PX
    # Half as wide as the face.
    scale = width / max(1.0, 0.5 * float(bottom - top))
    place = np.array([[scale, 0, width / 2 - middle[0] * scale], [0, scale, height / 2 - middle[1] * scale]])
    picture = cv2.warpAffine(
        window.frames[track.first + number], place, MOUTH_PX, borderMode=cv2.BORDER_REPLICATE
    )
    return cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 2)
