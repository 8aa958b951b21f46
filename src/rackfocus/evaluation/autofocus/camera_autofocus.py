"""A camera's autofocus, simulated: it knows no later frame, and its lens takes time (Sec. 6.4).

The subject's disparity in each frame is given, in disparity levels; the result is the lens's focus.
Speeds and delays are assumptions, of the size that mirrorless cameras have; no camera was measured.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float

Curve = Float[np.ndarray, " frame"]
IN_FOCUS = 1.0
"""Within so many levels of its subject a frame is in focus."""
SENSOR_WIDTH_M = 0.036
"""Of a full-frame camera, for breathing."""


class CameraAutofocus(Protocol):
    """The control of a lens."""

    def __call__(self, subject: Curve, *, fps: float, seed: int) -> Curve:
        """The focus of the lens in each frame, in levels; it begins on the subject.

        Args:
            subject: the disparity of the subject in each frame, in levels.
            fps: frames a second.
            seed: of the noise of the measurements.
        """
        ...


@dataclass(frozen=True)
class PhaseDetect:
    """Measures how far and to which side the subject is out of focus.

    Attributes:
        delay_s: from a frame to the lens's answer to it.
        patience_s: how long the subject has to be out of focus until the lens moves.
        levels_per_s: the fastest that focus moves.
        noise_levels: standard deviation of a measurement.
    """

    delay_s: float = 0.1
    patience_s: float = 0.2
    levels_per_s: float = 10.0
    noise_levels: float = 0.3

    def __call__(self, subject: Curve, *, fps: float, seed: int) -> Curve:
        """See `CameraAutofocus`."""
        noise = np.random.default_rng(seed).normal(0, self.noise_levels, len(subject))
        delay, patience = round(self.delay_s * fps), round(self.patience_s * fps)
        focus = np.empty(len(subject))
        at, waited = float(subject[0]), 0
        for frame in range(len(subject)):
            focus[frame] = at
            seen = frame - delay
            if seen < 0:
                continue
            # Measured from where the lens was at that time; how it has moved since is not accounted for.
            off = subject[seen] + noise[seen] - focus[seen]
            waited = waited + 1 if abs(off) > IN_FOCUS else 0
            if waited > patience:
                at += float(np.clip(off, -self.levels_per_s / fps, self.levels_per_s / fps))
        return focus


@dataclass(frozen=True)
class ContrastDetect:
    """Measures only how sharp the subject is, and so has to move to learn the direction: it hunts.

    Contrast falls with the blur radius `r` in levels as `1 / (1 + r^2)`. A search starts towards the side on
    which the last one ended, turns where contrast falls, and ends back at the best focus that it has passed.

    Attributes:
        patience_s: how long contrast has to be low until a search starts.
        levels_per_s: the speed of a search.
        low: a search starts below this share of the contrast in focus.
        noise: relative standard deviation of a measurement.
    """

    patience_s: float = 0.3
    levels_per_s: float = 6.0
    low: float = 0.5
    noise: float = 0.02

    def __call__(self, subject: Curve, *, fps: float, seed: int) -> Curve:
        """See `CameraAutofocus`."""
        noise = 1 + np.random.default_rng(seed).normal(0, self.noise, len(subject))
        step, patience = self.levels_per_s / fps, round(self.patience_s * fps)
        focus = np.empty(len(subject))
        at, way, waited, before = float(subject[0]), 1.0, 0, 0.0
        best: tuple[float, float] | None = None  # contrast and place, while it searches
        for frame in range(len(subject)):
            focus[frame] = at
            contrast = noise[frame] / (1 + (at - subject[frame]) ** 2)
            if best is None:
                waited = waited + 1 if contrast < self.low else 0
                if waited > patience:
                    best, before = (contrast, at), contrast
                    at += way * step
                continue
            if contrast > best[0]:
                best = (contrast, at)
            if contrast < before:
                if best[0] >= self.low:
                    at, best, waited = best[1], None, 0
                    continue
                way = -way
            before = contrast
            at += way * step
        return focus


@dataclass(frozen=True)
class FocusReport:
    """How a focus did in one clip.

    Attributes:
        in_focus: the share of frames within a level of the subject.
        lag_s: mean time from an event until its subject is in focus; the rest of the clip where it never is.
            NaN without events.
        turns_per_s: how often focus turns round.
        breathing: the largest change of the picture's size over the clip, relative; 0: none.
    """

    in_focus: float
    lag_s: float
    turns_per_s: float
    breathing: float


def report(
    focus: Curve, subject: Curve, events: list[int], *, fps: float, magnification: Curve | None = None
) -> FocusReport:
    """Measure a focus against the subject's disparity, both in levels; events are the frames of changes."""
    sharp = np.abs(focus - subject) < IN_FOCUS
    return FocusReport(
        in_focus=float(sharp.mean()),
        lag_s=float(np.mean([_lag(sharp, event) for event in events]) / fps) if events else float("nan"),
        turns_per_s=turns(focus) / len(focus) * fps,
        breathing=0.0 if magnification is None else float(np.ptp(magnification) / magnification.min()),
    )


def turns(focus: Curve) -> int:
    """How often a focus changes its direction."""
    ways = np.sign(np.diff(focus))
    ways = ways[ways != 0]
    return int((ways[1:] != ways[:-1]).sum())


def magnification(
    focus_px: Curve, *, focal_length_px: float, aperture_radius_m: float, focus_m: float, width_px: int
) -> Curve:
    """The size of the picture by a lens that focuses by moving: `v / f = 1 / (1 - f / s)`.

    `s` is the distance in focus: `1 / s = 1 / focus_m - D / (focal_length_px * aperture_radius_m)`.
    """
    inverse = 1 / focus_m - focus_px / (focal_length_px * aperture_radius_m)
    focal_length_m = focal_length_px * SENSOR_WIDTH_M / width_px
    return 1 / (1 - focal_length_m * np.clip(inverse, 0, None))


def _lag(sharp: Bool[np.ndarray, " frame"], event: int) -> int:
    """Frames from an event until its subject is in focus."""
    after = np.flatnonzero(sharp[event:])
    return int(after[0]) if len(after) else len(sharp) - event
