"""A detector that falls back to another one where the first finds nothing."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float32

from rackfocus.focus.detectors.over_time import frame_s
from rackfocus.focus.detectors.window import ClipWindow, Detector
from rackfocus.types import InputError


class FallbackDetector:
    """The maps of the first detector that finds anything, with as few changes of the detector as possible.

    Args:
        detectors: by name, in the order of preference; the last one is used if none finds anything.
        least: minimum of a map's maximum for a detector to have found something.
        absence_s: the longest gap in the detections of a detector that is bridged.

    Raises:
        InputError: there is no detector.
    """

    def __init__(
        self, *, detectors: Mapping[str, Detector], least: float = 0.5, absence_s: float = 1.0
    ) -> None:
        if not detectors:
            raise InputError("A fallback needs at least one detector.")
        self.detectors = tuple(detectors.values())
        self.least = least
        self.absence_s = absence_s

    def __call__(self, window: ClipWindow) -> Float32[np.ndarray, "frame rows columns"]:
        """See `rackfocus.focus.detectors.window.Detector`."""
        *preferred, last = self.detectors
        maps = np.zeros((len(window.frames), *window.map_size), np.float32)
        open_frames = np.ones(len(window.frames), bool)
        for detect in preferred:
            if not open_frames.any():
                break
            found = detect(window)
            chosen = open_frames & self._present(found, window)
            maps[chosen] = found[chosen]
            open_frames &= ~chosen
        if open_frames.any():
            maps[open_frames] = last(window)[open_frames]
        return maps

    def missing(self, window: ClipWindow) -> str | None:
        """What the last detector lacks; the others need not find anything."""
        return self.detectors[-1].missing(window)

    def _present(
        self, maps: Float32[np.ndarray, "frame rows columns"], window: ClipWindow
    ) -> Bool[np.ndarray, " frame"]:
        """Whether something is found, including gaps up to `absence_s`."""
        seen = maps.reshape(len(maps), -1).max(axis=1) >= self.least
        for shot in window.shots:
            at = np.flatnonzero(seen[shot]) + shot.start
            gap = self.absence_s / frame_s(window, shot)
            for before, after in pairwise(at):
                if after - before <= gap:
                    seen[before:after] = True
        return seen
