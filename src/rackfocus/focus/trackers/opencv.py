"""OpenCV's trackers: KCF, CSRT and NanoTrack v2. None of them searches the frame for a lost subject."""

import math
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
        score = self._score(self._search) if found else 0.0
        if score:
            self._box = (float(x), float(y), float(x + width), float(y + height))
        return Tracked(self._box, score)

    def _score(self, search: Any) -> float:  # noqa: ARG002
        """How sure a tracker of OpenCV is of its last box, 0 (lost) to 1."""
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
    """NanoTrack v2, a small network: adapts to size and shape, and knows its subject by its first picture.

    Args:
        backbone: a file, or the name of the published one.
        head: a file, or the name of the published one.
        lost_below: with a lower score, of 1, the subject is lost.

    Raises:
        InputError: the weights are missing, or are not NanoTrack's.
    """

    def __init__(
        self,
        *,
        backbone: str | Path = "nanotrack_v2_backbone.onnx",
        head: str | Path = "nanotrack_v2_head.onnx",
        lost_below: float = 0.88,
    ) -> None:
        super().__init__()
        self.lost_below = lost_below
        self._first: tuple[Any, Box] = (None, self._box)
        self._known: Any = None  # follows nothing, and so has the first picture of the subject for good
        self._known_at = self._box
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

    def _score(self, search: Any) -> float:
        score = float(search.getTrackingScore())
        return min(score, 1.0) if score >= self.lost_below else 0.0

    def start(self, image: UInt8[np.ndarray, "height width 3"], box: Box) -> None:
        """See `Tracker.start`."""
        self.resume(image, box)
        self._first, self._known, self._known_at = (image, box), None, box

    def recognise(self, image: UInt8[np.ndarray, "height width 3"], box: Box) -> Tracked:
        """See `Recogniser.recognise`."""
        if self._known is None:
            first, first_box = self._first
            self._known = self._create()
            self._known.init(first, rectangle(first_box, first))
        # OpenCV looks around its last box only, at about that size: so the frame is moved under it.
        (x, y), (known_x, known_y) = _centre(box), _centre(self._known_at)
        scale = math.sqrt(_area(self._known_at) / _area(box))
        move = np.array([[scale, 0, known_x - scale * x], [0, scale, known_y - scale * y]], np.float32)
        moved = cv2.warpAffine(image, move, image.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        _, (left, top, width, height) = self._known.update(moved)
        self._known_at = (float(left), float(top), float(left + width), float(top + height))
        (found_x, found_y), (across, down) = _centre(self._known_at), (width / scale / 2, height / scale / 2)
        x, y = x + (found_x - known_x) / scale, y + (found_y - known_y) / scale
        return Tracked((x - across, y - down, x + across, y + down), self._score(self._known))

    def resume(self, image: UInt8[np.ndarray, "height width 3"], box: Box) -> None:
        """See `Recogniser.resume`."""
        super().start(image, box)


def _centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _area(box: Box) -> float:
    return max((box[2] - box[0]) * (box[3] - box[1]), 1.0)
