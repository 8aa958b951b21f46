"""Maps over time: smoothing, and interpolation between the frames that were analysed."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float32

from rackfocus.focus.detectors.window import ClipWindow


def frame_s(window: ClipWindow, shot: slice) -> float:
    """Mean display duration of a frame of a shot; 1/25 s for a single frame."""
    times = window.times_s[shot]
    shown = float(times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 0.0
    return shown if shown > 0 else 1 / 25


def smoothed(
    maps: Float32[np.ndarray, "frame rows columns"], sigma_frames: float
) -> Float32[np.ndarray, "frame rows columns"]:
    """Smooth by a Gaussian over time; beyond the ends the weights are renormalised."""
    reach = min(int(2.5 * sigma_frames), len(maps) - 1)
    if reach < 1:
        return maps
    total = np.zeros_like(maps)
    weights = np.zeros(len(maps), np.float32)
    for shift in range(-reach, reach + 1):
        weight = np.float32(np.exp(-0.5 * (shift / sigma_frames) ** 2))
        to = slice(max(0, -shift), len(maps) - max(0, shift))
        of = slice(max(0, shift), len(maps) - max(0, -shift))
        total[to] += weight * maps[of]
        weights[to] += weight
    return total / weights[:, None, None]


def interpolated_maps(
    window: ClipWindow,
    shot: slice,
    every_s: float,
    look: Callable[[int], Float32[np.ndarray, "rows columns"]],
) -> Float32[np.ndarray, "frame rows columns"]:
    """The maps of a shot of which only some frames are analysed; maps between them are interpolated.

    Args:
        window: the frames.
        shot: range of the shot's frames.
        every_s: time between analysed frames; 0: all.
        look: computes the map of one frame of the window.
    """
    step = max(1, round(every_s / frame_s(window, shot)))
    seen = sorted({*range(shot.start, shot.stop, step), shot.stop - 1})
    found = np.stack([look(frame) for frame in seen])
    place = np.interp(np.arange(shot.start, shot.stop), seen, np.arange(len(seen)))
    before = np.floor(place).astype(int)
    after = np.minimum(before + 1, len(seen) - 1)
    share = (place - before).astype(np.float32)[:, None, None]
    return found[before] * (1 - share) + found[after] * share
