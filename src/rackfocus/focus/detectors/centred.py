"""A detector with a centre prior: subjects are usually near the middle of the frame."""

import numpy as np
from jaxtyping import Float32

from rackfocus.focus.detectors.window import ClipWindow, Detector


class CentrePriorDetector:
    """The maps of a detector times a Gaussian around the centre of the frame.

    Viewers look near the centre more often than subjects explain (Tatler 2007, "The central fixation bias in
    scene viewing").

    Args:
        detector: the detector.
        spread: standard deviation of the Gaussian, in widths and heights of the frame.
    """

    def __init__(self, *, detector: Detector, spread: float = 0.2) -> None:
        self.detector = detector
        self.spread = spread

    def __call__(self, window: ClipWindow) -> Float32[np.ndarray, "frame rows columns"]:
        """See `rackfocus.focus.detectors.window.Detector`."""
        down, across = (
            np.exp(-0.5 * (((np.arange(cells) + 0.5) / cells - 0.5) / self.spread) ** 2)
            for cells in window.map_size
        )
        return self.detector(window) * (down[:, None] * across).astype(np.float32)

    def missing(self, window: ClipWindow) -> str | None:
        """See the detector's `missing`."""
        return self.detector.missing(window)
