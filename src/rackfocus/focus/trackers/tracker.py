"""The interface of trackers: given a subject in one frame, they find it in the following frames.

OpenCV's trackers are in `opencv`; `recovering` adds loss detection and recovery to any of them.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels; right and bottom are the first ones outside."""


@dataclass(frozen=True)
class Tracked:
    """The position of a subject in a frame.

    Attributes:
        box: in pixels of the frame; the last known one if the subject is lost.
        confidence: from 0 (the subject is lost) to 1.
    """

    box: Box
    confidence: float


@runtime_checkable
class Tracker(Protocol):
    """Follows one subject at a time. Before `start` it has no state, and may be copied."""

    def start(self, image: UInt8[np.ndarray, "height width 3"], box: Box) -> None:
        """Start with a subject; a previous one is dropped.

        Args:
            image: encoded RGB in 0..255.
            box: of the subject; it may extend beyond the frame.
        """
        ...

    def follow(self, image: UInt8[np.ndarray, "height width 3"], *, is_cut: bool = False) -> Tracked:
        """Find the subject in the next frame, of the same size.

        Args:
            image: the frame.
            is_cut: whether a new shot begins with it: the subject may be anywhere, or absent.
        """
        ...


@runtime_checkable
class Recogniser(Protocol):
    """A tracker that knows its subject: its confidence says when it is lost, and it recognises it again."""

    def recognise(self, image: UInt8[np.ndarray, "height width 3"], box: Box) -> Tracked:
        """Look for the subject around another place; following goes on only after `resume`.

        Args:
            image: the current frame.
            box: where it may be.
        """
        ...

    def resume(self, image: UInt8[np.ndarray, "height width 3"], box: Box) -> None:
        """Follow the same subject from where it was recognised."""
        ...


SMALLEST_PX = 8
"""Minimum width and height of a box for trackers."""


def rectangle(box: Box, image: UInt8[np.ndarray, "height width 3"]) -> tuple[int, int, int, int]:
    """The column, row, width and height for a tracker's start: inside the frame, and not too small."""
    spans = []
    for low, high, size in zip(box[:2], box[2:], (image.shape[1], image.shape[0]), strict=True):
        low, high = (min(max(edge, 0.0), float(size)) for edge in (low, high))
        length = min(max(round(high - low), SMALLEST_PX), size)
        begin = round((low + high - length) / 2)
        spans.append((min(max(begin, 0), size - length), length))
    (x, width), (y, height) = spans
    return x, y, width, height
