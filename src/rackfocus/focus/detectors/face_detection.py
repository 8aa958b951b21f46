"""Detection of faces in one frame: YuNet, or OpenCV's Haar cascade if its file is missing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from rackfocus.models.published.weights import find_weights
from rackfocus.reading.damage import reading
from rackfocus.types import InputError

SMALLEST_SIDE_PX = 32
"""Frames with a shorter side below this are not searched: YuNet's coarsest cells are of this size, and it
returns what happens to be in memory if there is none."""


@dataclass(frozen=True, eq=False)
class Face:
    """One face of one frame, in pixels of the frame.

    Attributes:
        box: left, top, right, bottom; a face at the edge may extend beyond the frame.
        landmarks: x and y of the right eye, left eye, tip of the nose, right and left corner of the mouth
            (right from the person's view). `None`: the detector has no landmarks.
        score: confidence of the detector, 0 to 1.
    """

    box: Float32[np.ndarray, " 4"]
    landmarks: Float32[np.ndarray, "5 2"] | None
    score: float


class FaceDetection(Protocol):
    """A detector of faces in one frame."""

    def __call__(self, image: UInt8[np.ndarray, "height width 3"]) -> list[Face]:
        """All faces, by decreasing score; `image` is encoded RGB."""
        ...


class YuNet:
    """YuNet (Wu et al. 2023, "YuNet: A Tiny Millisecond-level Face Detector") by OpenCV.

    Args:
        weights: a file, or the name of the published one.
        least_score: minimum score of a face.

    Raises:
        InputError: the weights are missing, or are not YuNet's.
    """

    def __init__(self, *, weights: str | Path = "yunet_n_320_320.onnx", least_score: float = 0.5) -> None:
        path = find_weights(weights)
        with reading(path, "is not YuNet; get the file anew."):
            self._network = cv2.FaceDetectorYN.create(str(path), "", (320, 320), least_score)

    def __call__(self, image: UInt8[np.ndarray, "height width 3"]) -> list[Face]:
        """See `FaceDetection`."""
        height, width = image.shape[:2]
        if min(height, width) < SMALLEST_SIDE_PX:
            return []
        self._network.setInputSize((width, height))
        _, rows = self._network.detect(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        # Left, top, width, height, five points, score; rows are sorted by decreasing score.
        return [
            Face(_box(*row[:4]), row[4:14].reshape(5, 2), float(min(row[14], 1.0)))
            for row in (() if rows is None else rows)
            # In frames of about twenty pixels the network's exponentials overflow.
            if np.isfinite(row).all() and np.abs(row[:4]).max() <= 2 * max(height, width)
        ]


class HaarCascade:
    """Viola & Jones 2001, as trained by OpenCV: only frontal faces, without landmarks.

    Args:
        smallest_px: the side of the smallest face.
        longer_side_px: larger frames are reduced to this, for speed.

    Raises:
        InputError: OpenCV's file of the cascade is missing.
    """

    def __init__(self, *, smallest_px: int = 20, longer_side_px: int = 480) -> None:
        path = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_alt2.xml"
        if not path.is_file():
            raise InputError("This OpenCV comes without Haar cascades; install a 4.x version.")
        self._cascade = cv2.CascadeClassifier(str(path))
        self.smallest_px = smallest_px
        self.longer_side_px = longer_side_px

    def __call__(self, image: UInt8[np.ndarray, "height width 3"]) -> list[Face]:
        """See `FaceDetection`."""
        height, width = image.shape[:2]
        if min(height, width) < SMALLEST_SIDE_PX:
            return []
        scale = min(1.0, self.longer_side_px / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        grey = cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        boxes, neighbours = self._cascade.detectMultiScale2(
            grey, scaleFactor=1.1, minNeighbors=4, minSize=(self.smallest_px, self.smallest_px)
        )
        # The only measure of confidence of a cascade is the number of overlapping detections.
        faces = [
            Face(_box(*(np.asarray(box) / scale)), None, float(1 - 0.5 ** (count / 4)))
            for box, count in zip(boxes, neighbours, strict=True)
        ]
        return sorted(faces, key=lambda face: -face.score)


def face_detection(weights: str | Path) -> FaceDetection | None:
    """The best available detection: YuNet with these weights, else the Haar cascade, else `None`."""
    for make in (lambda: YuNet(weights=weights), HaarCascade):
        try:
            return make()
        except InputError:
            continue
    return None


def _box(left: float, top: float, width: float, height: float) -> Float32[np.ndarray, " 4"]:
    return np.array([left, top, left + width, top + height], np.float32)
