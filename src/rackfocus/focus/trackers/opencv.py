"""OpenCV's trackers: KCF, CSRT and NanoTrack v2. None of them searches for a lost subject."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8

from rackfocus.focus.trackers.tracker import Box, Tracked, rectangle
from rackfocus.models.published.weights import find_weights
from rackfocus.types import InputError


class OpenCVTracker(ABC):
    """See `rackfocus.focus.trackers.tracker.Tracker`."""

    def __init__(self) -> None:
        self._search: Any = None
        self._box: Box = (0.0, 0.0, 0.0, 0.0)

    @abstractmethod
    def _create(self) -> Any:
        """Create a tracker of OpenCV."""

    def start(self, image: UInt8[np.ndarray, "height width 3"], box: Box) -> None:
        """See `Tracker.start`."""
        self._search, self._box = self._create(), box
        self._search.init(image, rectangle(box, image))

    def follow(self, image: UInt8[np.ndarray, "height width 3"], *, is_cut: bool = False) -> Tracked:
        """See `Tracker.follow`. The confidence is OpenCV's, if it gives one; else 1."""
        if is_cut:
            return Tracked(self._box, 0.0)
        found, (x, y, width, height) = self._search.update(image)
        if not found:
            return Tracked(self._box, 0.0)
        self._box = (float(x), float(y), float(x + width), float(y + height))
        return Tracked(self._box, self._score())

    def _score(self) -> float:
        return 1.0


class KCF(OpenCVTracker):
    """The paper's tracker (Henriques et al. 2014): fast, with a box of fixed size."""

    def start(self, image: UInt8[np.ndarray, "height width 3"], box: Box) -> None:
        """See `Tracker.start`."""
        super().start(image, box)
        # OpenCV's KCF learns at its first update, at the position of the box: so it gets this frame twice.
        self._search.update(image)

    def _create(self) -> Any:
        return cv2.TrackerKCF.create()


class CSRT(OpenCVTracker):
    """Adapts to the subject's size (Lukezic et al. 2017); slower, and rarely reports that it is lost."""

    def _create(self) -> Any:
        return cv2.TrackerCSRT.create()


class Nano(OpenCVTracker):
    """NanoTrack v2, a small network: adapts to size and shape.

    Args:
        backbone: a file, or the name of the published one.
        head: a file, or the name of the published one.

    Raises:
        InputError: the weights are missing, or are not NanoTrack's.
    """

    def __init__(
        self,
        *,
        backbone: str | Path = "nanotrack_v2_backbone.onnx",
        head: str | Path = "nanotrack_v2_head.onnx",
    ) -> None:
        super().__init__()
        self.backbone, self.head = find_weights(backbone), find_weights(head)
        self._create()

    def _create(self) -> Any:
        settings = cv2.TrackerNano.Params()
        settings.backbone, settings.neckhead = str(self.backbone), str(self.head)
        try:
            return cv2.TrackerNano.create(settings)
        except cv2.error as error:
            raise InputError(
                f"{self.backbone} and {self.head} cannot be read as NanoTrack's; get the files anew."
            ) from error

    def _score(self) -> float:
        return min(max(float(self._search.getTrackingScore()), 1e-3), 1.0)
