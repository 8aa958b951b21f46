"""Pictures of the face and mouth of a face track, at a constant rate independent of the video's."""

import cv2
import numpy as np
from jaxtyping import Float, Float32, Int, UInt8

from rackfocus.focus.detectors.face_tracks import FaceTrack
from rackfocus.focus.detectors.window import ClipWindow

MOUTH_HEIGHT, EYES_HEIGHT = 0.74, 0.4
"""Heights of mouth and eyes in a box, from its top, used if there are no landmarks."""

MOUTH_SIDE = 1.1
"""Side of the square around a mouth, in distances between mouth and eyes."""


def nearest_frames(
    window: ClipWindow, track: FaceTrack, times_s: Float[np.ndarray, " time"]
) -> Int[np.ndarray, " time"]:
    """The index in a track of the frame nearest to each time."""
    shown = window.times_s[track.first : track.first + len(track.boxes)]
    after = np.clip(np.searchsorted(shown, times_s), 1, max(1, len(shown) - 1))
    before = after - 1
    if len(shown) == 1:
        return np.zeros(len(times_s), int)
    return np.where(times_s - shown[before] <= shown[after] - times_s, before, after)


def face_patches(
    window: ClipWindow, track: FaceTrack, at: Int[np.ndarray, " time"], size_px: int
) -> UInt8[np.ndarray, "time size size"]:
    """Grey squares of the face: its box, extended to a square."""
    boxes = track.boxes
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    return _patches(window, track, at, centres, sides, size_px)


def mouth_patches(
    window: ClipWindow, track: FaceTrack, at: Int[np.ndarray, " time"], size_px: int
) -> UInt8[np.ndarray, "time size size"]:
    """Grey squares around the mouth."""
    if track.landmarks is not None:
        centres = track.landmarks[:, 3:].mean(axis=1)
        distances = np.linalg.norm(centres - track.landmarks[:, :2].mean(axis=1), axis=1)
    else:
        left, top, right, bottom = track.boxes.T
        height = bottom - top
        centres = np.stack([(left + right) / 2, top + MOUTH_HEIGHT * height], axis=1)
        distances = (MOUTH_HEIGHT - EYES_HEIGHT) * height
    return _patches(window, track, at, centres, MOUTH_SIDE * distances, size_px)


def _patches(
    window: ClipWindow,
    track: FaceTrack,
    at: Int[np.ndarray, " time"],
    centres: Float32[np.ndarray, "frame 2"],
    sides: Float32[np.ndarray, " frame"],
    size_px: int,
) -> UInt8[np.ndarray, "time size size"]:
    pictures: dict[int, UInt8[np.ndarray, "size size"]] = {}
    for position in map(int, at):
        if position not in pictures:
            grey = cv2.cvtColor(window.frames[track.first + position], cv2.COLOR_RGB2GRAY)
            side = max(float(sides[position]), 2.0)
            # Sampled at the frame's resolution and then reduced, so that a large face is not aliased.
            finer = size_px * max(1, round(side / size_px))
            scale = finer / side
            x, y = centres[position]
            onto = np.array(
                [[scale, 0, (finer - 1) / 2 - scale * x], [0, scale, (finer - 1) / 2 - scale * y]]
            )
            large = cv2.warpAffine(
                grey, onto, (finer, finer), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
            pictures[position] = cv2.resize(large, (size_px, size_px), interpolation=cv2.INTER_AREA)
    return np.stack([pictures[int(position)] for position in at])
