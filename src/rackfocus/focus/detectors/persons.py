"""Detector of people, whole, by the segmentation that video calls use."""

from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from rackfocus.focus.detectors.over_time import frame_s, interpolated_maps, smoothed
from rackfocus.focus.detectors.window import ClipWindow
from rackfocus.models.published.weights import find_weights
from rackfocus.reading.damage import reading
from rackfocus.types import InputError

SIZE_PX = 256
"""Side of the network's input; a frame is squeezed into a square."""


class Persons:
    """The people of a window, by MediaPipe's selfie segmentation (Google, model card of 2021).

    It was trained on people near the camera, and finds whole people across a room, and many animals, too.
    Without its file, nobody is found.

    Args:
        weights: a file, or the name of the published one.
        every_s: time between analysed frames; maps between them are interpolated.
        smoothing_s: standard deviation of the Gaussian over time.
    """

    def __init__(
        self,
        *,
        weights: str | Path = "mediapipe_selfie_segmentation.onnx",
        every_s: float = 0.12,
        smoothing_s: float = 0.1,
    ) -> None:
        self.weights = weights
        self.every_s = every_s
        self.smoothing_s = smoothing_s

    def __call__(self, window: ClipWindow) -> Float32[np.ndarray, "frame rows columns"]:
        """See `rackfocus.focus.detectors.window.Detector`."""
        maps = np.zeros((len(window.frames), *window.map_size), np.float32)
        if self._network is None:
            return maps
        for shot in window.shots:
            found = interpolated_maps(
                window, shot, self.every_s, lambda frame: self._mask(window.frames[frame], window.map_size)
            )
            maps[shot] = smoothed(found, self.smoothing_s / frame_s(window, shot))
        return np.clip(maps, 0, 1)

    def missing(self, window: ClipWindow) -> str | None:  # noqa: ARG002
        """See `rackfocus.focus.detectors.window.Detector`."""
        if self._network is None:
            return f"The weights {self.weights} are missing, so people are found by face and motion alone."
        return None

    @cached_property
    def _network(self) -> cv2.dnn.Net | None:
        try:
            path = find_weights(self.weights)
        except InputError:
            return None
        with reading(path, "is not MediaPipe's selfie segmentation; get the file anew."):
            return cv2.dnn.readNetFromONNX(str(path))

    def _mask(
        self, image: UInt8[np.ndarray, "height width 3"], size: tuple[int, int]
    ) -> Float32[np.ndarray, "rows columns"]:
        network = self._network
        assert network is not None
        squeezed = cv2.resize(image, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA)
        network.setInput(squeezed[None].astype(np.float32) / 255)
        found = network.forward().reshape(SIZE_PX, SIZE_PX)
        return cv2.resize(found, size[::-1], interpolation=cv2.INTER_AREA)
