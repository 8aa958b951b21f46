"""What every tracker is: shown a subject once, it says where it is in the frames that follow.

Those of OpenCV are in `opencv`; `recovering` makes each of them notice a loss, and find the
subject again.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels; right and bottom are the first ones outside."""


@dataclass(frozen=True)
class Tracked:
    """Where a subject is in a frame.

    Attributes:
        box: in pixels of the frame; the last known one where the subject is lost.
        confidence: 0, the subject is lost, to 1.
    """

    box: Box
    confidence: float


@runtime_checkable
class Tracker(Protocol):
    """Follows one subject at a time. Before `start` it holds nothing, and may be copied."""

    def start(self, image: UInt8[np.ndarray, "height width 3"], box: Box) -> None:
        """Show the subject; an earlier one is forgotten.

        Args:
            image: encoded RGB in 0..255.
            box: of the subject; it may reach out of the frame.
        """
        ...

    def follow(self, image: UInt8[np.ndarray, "height width 3"], *, is_cut: bool = False) -> Tracked:
        """Find the subject in the next frame, of the same size.

        Args:
            image: the frame.
            is_cut: whether a new shot begins with it: the subject may be anywhere, or not there.
        """
        ...


SMALLEST_PX = 8
"""Trackers have no use for less, in either direction."""


def rectangle(box: Box, image: UInt8[np.ndarray, "height width 3"]) -> tuple[int, int, int, int]:
    """The column, row, width and height that a tracker is to start with: in the frame, and not too small."""
    spans = []
    for low, high, size in zip(box[:2], box[2:], (image.shape[1], image.shape[0]), strict=True):
        low, high = (min(max(edge, 0.0), float(size)) for edge in (low, high))
        length = min(max(round(high - low), SMALLEST_PX), size)
        begin = round((low + high - length) / 2)
        spans.append((min(max(begin, 0), size - length), length))
    (x, width), (y, height) = spans
    return x, y, width, height
