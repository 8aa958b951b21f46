"""Detector of salient regions by OpenCV, without a network."""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from rackfocus.focus.detectors.over_time import frame_s, interpolated_maps, smoothed
from rackfocus.focus.detectors.window import ClipWindow

QUANTILES = 256


class FineGrained:
    """Fine-grained saliency (Montabone & Soto 2010): differences of centre and surround at many scales.

    OpenCV's implementation uses luma only; here it is applied to the three channels of CIE Lab, each weighted
    by its contrast. The result is a power of the rank, which is the share of the shot's cells that are less
    salient. So a subject less salient than a window or the sky is not lost, and the scale suits any picture.

    Args:
        longer_side_px: frames are reduced to this.
        every_s: time between analysed frames; maps between them are interpolated.
        spread: standard deviation of the Gaussian that fills the outlines found by this method, in diagonals
            of the frame.
        smoothing_s: standard deviation of the Gaussian over time.
        exponent: of the rank; below 1, the other detector has more influence in an intersection.
        least_contrast: minimum of the method's values, 0 to 1; a shot with less is scaled down, as it has no
            salient region.
    """

    def __init__(
        self,
        *,
        longer_side_px: int = 320,
        every_s: float = 0.08,
        spread: float = 0.015,
        smoothing_s: float = 0.15,
        exponent: float = 0.5,
        least_contrast: float = 0.05,
    ) -> None:
        self.longer_side_px = longer_side_px
        self.every_s = every_s
        self.spread = spread
        self.smoothing_s = smoothing_s
        self.exponent = exponent
        self.least_contrast = least_contrast
        self._saliency = cv2.saliency.StaticSaliencyFineGrained.create()

    def __call__(self, window: ClipWindow) -> Float32[np.ndarray, "frame rows columns"]:
        """See `rackfocus.focus.detectors.window.Detector`."""
        maps = np.zeros((len(window.frames), *window.map_size), np.float32)
        for shot in window.shots:
            found = interpolated_maps(
                window, shot, self.every_s, lambda frame: self._frame(window.frames[frame], window.map_size)
            )
            maps[shot] = self._ranked(smoothed(found, self.smoothing_s / frame_s(window, shot)))
        return maps

    def missing(self, window: ClipWindow) -> str | None:  # noqa: ARG002
        """`None`: it needs only frames."""
        return None

    def _ranked(
        self, found: Float32[np.ndarray, "frame rows columns"]
    ) -> Float32[np.ndarray, "frame rows columns"]:
        # Ties get the lowest of their ranks, so that uniform pictures have rank 0.
        values = np.quantile(found, np.linspace(0, 1, QUANTILES)).astype(np.float32)
        ranks = np.searchsorted(values, found.ravel(), side="left").reshape(found.shape) / (QUANTILES - 1)
        contrast = float(values[-1] - values[0]) / self.least_contrast
        return (np.clip(ranks, 0, 1) ** self.exponent * min(1.0, contrast)).astype(np.float32)

    def _frame(
        self, image: UInt8[np.ndarray, "height width 3"], size: tuple[int, int]
    ) -> Float32[np.ndarray, "rows columns"]:
        rows, columns = size
        height, width = image.shape[:2]
        scale = min(1.0, self.longer_side_px / max(height, width))
        reduced = cv2.resize(
            image,
            (max(1, round(width * scale)), max(1, round(height * scale))),
            interpolation=cv2.INTER_AREA,
        )
        total, weights = np.zeros(reduced.shape[:2], np.float32), 0.0
        for channel in cv2.split(cv2.cvtColor(reduced, cv2.COLOR_RGB2LAB)):
            contrast = float(channel.std())
            if contrast > 0:
                total += contrast * np.asarray(self._saliency.computeSaliency(channel)[1], np.float32)
                weights += contrast
        found = cv2.resize(total / max(weights, 1.0), (columns, rows), interpolation=cv2.INTER_AREA)
        return cv2.GaussianBlur(found, (0, 0), max(0.3, self.spread * float(np.hypot(rows, columns))))
