"""Edges of a curve over time: a 1-D bilateral filter, then an edge detector (Sec. 5.2)."""

import numpy as np
from jaxtyping import Float

REACH = 3
"""Radius of the filter in standard deviations."""
ONSET = 0.25
"""An edge begins where the slope exceeds this share of its maximum."""


def bilateral_filter(
    curve: Float[np.ndarray, " frame"], *, sigma_frames: float, sigma_range: float
) -> Float[np.ndarray, " frame"]:
    """1-D bilateral filter: removes noise and keeps steps.

    Args:
        curve: finite values.
        sigma_frames: standard deviation in time.
        sigma_range: standard deviation in value.
    """
    reach = min(int(np.ceil(REACH * sigma_frames)), len(curve) - 1)
    total, weight = np.zeros(len(curve)), np.zeros(len(curve))
    for offset in range(-reach, reach + 1):
        own = slice(max(0, -offset), len(curve) - max(0, offset))
        other = slice(max(0, offset), len(curve) + min(0, offset))
        near = np.exp(-0.5 * (offset / sigma_frames) ** 2)
        alike = near * np.exp(-0.5 * np.square((curve[other] - curve[own]) / sigma_range))
        total[own] += alike * curve[other]
        weight[own] += alike
    return total / weight


def edges(
    curve: Float[np.ndarray, " frame"], *, least_step: float, slope_frames: int, stay_frames: int
) -> list[int]:
    """The frames at which a filtered curve begins to change to another level and stays there.

    Args:
        curve: finite values.
        least_step: minimum difference of the levels.
        slope_frames: number of frames over which the derivative is taken: the longest duration of a change.
        stay_frames: how long a level must last before and after; of two edges closer together the steeper one
            is kept.

    Returns:
        For each edge, the first frame that has left the old level.
    """
    count = len(curve)
    if count < 2:
        return []
    # slope[t] is the rise completed at frame t, centred on t - 1/2.
    before, after = (slope_frames - 1) // 2 + 1, slope_frames // 2
    padded = np.pad(curve, (before, after), mode="edge")
    slope = padded[before + after :] - padded[:count]
    found: list[int] = []
    for peak in np.argsort(-np.abs(slope), kind="stable"):
        if abs(slope[peak]) < least_step:
            break
        if any(abs(peak - other) < stay_frames for other in found):
            continue
        old = curve[max(0, peak - before - stay_frames) : max(1, peak - before + 1)]
        new = curve[peak + after : peak + after + stay_frames]
        stays = 2 * len(new) >= stay_frames  # the video may end earlier
        if stays and abs(np.median(new) - np.median(old)) >= least_step:
            found.append(int(peak))
    return sorted({_onset(curve, peak, before) for peak in found})


def _onset(curve: Float[np.ndarray, " frame"], peak: int, before: int) -> int:
    """The first frame of the rise around a maximum of the slope."""
    steps = np.diff(curve)
    first, last = max(0, peak - before), min(len(steps), peak + before)
    about = steps[first:last]
    steepest = first + int(np.abs(about).argmax())
    at = steepest
    while at > 0 and steps[at - 1] * np.sign(steps[steepest]) > ONSET * abs(steps[steepest]):
        at -= 1
    return at + 1
