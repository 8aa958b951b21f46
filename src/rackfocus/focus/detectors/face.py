"""Detector of faces."""

from pathlib import Path

import numpy as np
from jaxtyping import Float32

from rackfocus.focus.detectors.face_detection import YuNet, face_detection
from rackfocus.focus.detectors.face_tracks import FaceTrack, face_tracks
from rackfocus.focus.detectors.window import ClipWindow

FAINTEST = 0.01
"""A face of a smaller share than this is not drawn."""


class Faces:
    """The faces of a window as soft ellipses; replaces dlib's detector in Sec. 5.2.

    Args:
        weights: of YuNet; if they are missing, OpenCV's Haar cascade is used.
        every_s: time between frames in which faces are detected; faces between them are interpolated.
        bridged_s: the longest gap in a face's track.
        sure_score: minimum score of the best detection of a face.
        smoothing_s: standard deviation of the Gaussian that smooths boxes over time.
        softness: width of the soft edge of the ellipse, as the standard deviation of a Gaussian in half
            sides.
        smallest: the side of the smallest face that counts, in diagonals of the frame.
    """

    def __init__(
        self,
        *,
        weights: str | Path = "yunet_n_320_320.onnx",
        every_s: float = 0.08,
        bridged_s: float = 1.0,
        sure_score: float = 0.75,
        smoothing_s: float = 0.1,
        softness: float = 0.25,
        smallest: float = 0.0,
    ) -> None:
        self.weights = weights
        self.every_s = every_s
        self.bridged_s = bridged_s
        self.sure_score = sure_score
        self.smoothing_s = smoothing_s
        self.softness = softness
        self.smallest = smallest

    def __call__(self, window: ClipWindow) -> Float32[np.ndarray, "frame rows columns"]:
        """See `rackfocus.focus.detectors.window.Detector`."""
        tracks = self.tracks(window)
        return self.drawn(window, tracks, np.ones((len(tracks), len(window.frames)), np.float32))

    def missing(self, window: ClipWindow) -> str | None:
        """See `rackfocus.focus.detectors.window.Detector`."""
        detect = face_detection(self.weights)
        if detect is None:
            return f"The weights {self.weights} and OpenCV's Haar cascade are missing, so no face is found."
        if not isinstance(detect, YuNet):
            return (
                f"The weights {self.weights} are missing, so faces are found by OpenCV's Haar cascade, "
                "which misses those that turn away."
            )
        return None if self.tracks(window) else "No face was found."

    def tracks(self, window: ClipWindow) -> list[FaceTrack]:
        """The faces that are not too small."""
        tracks = face_tracks(
            window,
            weights=self.weights,
            every_s=self.every_s,
            bridged_s=self.bridged_s,
            sure_score=self.sure_score,
            smoothing_s=self.smoothing_s,
        )
        least = self.smallest * float(np.hypot(*window.frames.shape[1:3]))
        return [track for track in tracks if float(np.median(track.sides)) >= least]

    def drawn(
        self, window: ClipWindow, tracks: list[FaceTrack], shares: Float32[np.ndarray, "track frame"]
    ) -> Float32[np.ndarray, "frame rows columns"]:
        """Draw the maps of some faces of a window; values are each frame's score times its share."""
        shown = shares.copy()
        for share, track in zip(shown, tracks, strict=True):
            share[track.frames] *= track.scores
        return soft_ellipses(window, tracks, shown, softness=self.softness)


def soft_ellipses(
    window: ClipWindow,
    tracks: list[FaceTrack],
    shares: Float32[np.ndarray, "track frame"],
    *,
    softness: float,
) -> Float32[np.ndarray, "frame rows columns"]:
    """Maps in which each face is an ellipse of its box, of the value of its share in that frame.

    Args:
        window: the frames.
        tracks: the faces.
        shares: value of each face in every frame of the window; read where its track is.
        softness: width of the soft edge of an ellipse, as the standard deviation of a Gaussian in half sides.
    """
    rows, columns = window.map_size
    maps = np.zeros((len(window.frames), rows, columns), np.float32)
    height, width = window.frames.shape[1:3]
    cell = np.array([width / columns, height / rows])
    # Centres of the cells, in pixels of the frames.
    x = ((np.arange(columns) + 0.5) * cell[0] - 0.5)[None, :]
    y = ((np.arange(rows) + 0.5) * cell[1] - 0.5)[:, None]
    for track, share in zip(tracks, shares, strict=True):
        for frame, box in zip(track.frames, track.boxes, strict=True):
            if share[frame] <= FAINTEST:
                continue
            centre = (box[:2] + box[2:]) / 2
            # The smallest face covers at least a cell.
            half = np.maximum((box[2:] - box[:2]) / 2, 0.75 * cell)
            radius = np.hypot((x - centre[0]) / half[0], (y - centre[1]) / half[1])
            beyond = np.maximum(0, radius - 1) / softness
            ellipse = (share[frame] * np.exp(-0.5 * beyond**2)).astype(np.float32)
            np.maximum(maps[frame], ellipse, out=maps[frame])
    return maps
