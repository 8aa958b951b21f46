"""The aperture as a decision: in each shot the widest one that keeps its subjects whole.

The blur of a point is `r = |D - focus| N_ref / N` pixels in radius. Where a subject is in focus, its nearest
and its farthest parts may blur by `WHOLE`; where subjects take turns, the one out of focus may blur by
`IN_TURN`. A shot has one f-number, which meets this in nearly all of its frames: depth of field changes only
at cuts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from rackfocus.focus.decisions import decisions
from rackfocus.types import FocusKeyframe, FocusKeyframes, FocusTrack, InputError, Lens

AUTOMATIC: Literal["auto"] = "auto"
"""The f-number that stands for this decision."""

STOPS = (1.4, 1.6, 1.8, 2.0, 2.2, 2.5, 2.8, 3.2, 3.5, 4.0, 4.5, 5.0, 5.6, 6.3, 7.1, 8.0)
"""The f-numbers to choose from, thirds of a stop. With narrower ones nothing around a subject is soft."""

WHOLE = 1 / 1920
"""The blur radius that looks sharp, as a share of the longer side: a pixel at 1920x1080."""

IN_TURN = 4 / 1920
"""The blur radius at which one still sees who it is and what they do, as a share of the longer side."""

IN_TURN_S = 5.0
"""Subjects take turns if focus goes on from one to another within this many seconds."""

NEARLY_ALL = 0.9
"""The share of a subject's frames in which it is whole; single frames do not close the aperture."""


@dataclass(frozen=True)
class ShotAperture:
    """The aperture of one shot.

    Attributes:
        first: the first frame of the shot.
        stop: the frame after its last one.
        f_number: one of `STOPS`, or that of the lens's disparity where no subject is known.
        why: why, as a sentence.
    """

    first: int
    stop: int
    f_number: float
    why: str


def shot_apertures(
    track: FocusTrack, lens: Lens, *, longer_side_px: int, fps: float
) -> tuple[ShotAperture, ...]:
    """The aperture of each shot of a track.

    Args:
        track: with the depth of its subjects, in pixels of the video.
        lens: its reference f-number gives the meaning of disparity.
        longer_side_px: of the video.
        fps: its average rate.

    Raises:
        InputError: the track does not know how deep its subjects are.
    """
    if track.depth is None:
        raise InputError(
            "f_number=auto needs a focus track that knows how deep its subjects are, such as one of "
            "rackfocus.autofocus; give a number such as 2.8."
        )
    count = len(track.focal_disparity)
    starts = [decision.start for decision in decisions(track.targets)]
    focus = np.where(_in_pulls(track, starts), np.nan, track.focal_disparity)
    beyond = np.maximum(track.depth[:, 1] - focus, focus - track.depth[:, 0])
    cuts = sorted({cut for cut in track.cuts if 0 < cut < count})
    return tuple(
        _aperture(first, stop, beyond, focus, starts, lens.reference_f_number, longer_side_px, fps)
        for first, stop in pairwise([0, *cuts, count])
    )


def keyframes_of(apertures: Sequence[ShotAperture]) -> FocusKeyframes:
    """The f-number of every frame: constant within a shot."""
    return FocusKeyframes(
        tuple(
            FocusKeyframe(frame, f_number=each.f_number)
            for each in apertures
            for frame in sorted({each.first, each.stop - 1})
        )
    )


def _aperture(
    first: int,
    stop: int,
    beyond: Float[np.ndarray, " frame"],
    focus: Float[np.ndarray, " frame"],
    starts: Sequence[int],
    reference: float,
    longer_side_px: int,
    fps: float,
) -> ShotAperture:
    """The aperture of a shot, from how far its subjects extend `beyond` the disparity in focus."""
    bounds = sorted({first, *(start for start in starts if first < start < stop), stop})
    parts = [
        (start, np.nanquantile(beyond[start:end], NEARLY_ALL), np.nanmedian(focus[start:end]))
        for start, end in pairwise(bounds)
        if np.isfinite(beyond[start:end]).any()
    ]
    if not parts:
        return ShotAperture(first, stop, reference, "No subject is known in this shot.")
    depth = max(float(deep) for _, deep, _ in parts)
    gaps = [
        abs(float(after) - float(before))
        for (since, _, before), (then, _, after) in pairwise(parts)
        if then - since <= IN_TURN_S * fps
    ]
    whole = reference * depth / (WHOLE * longer_side_px)
    turns = reference * max(gaps, default=0.0) / (IN_TURN * longer_side_px)
    needed = max(whole, turns)
    what = "its subject whole" if whole >= turns else "those who take turns recognizable"
    narrow_enough = [each for each in STOPS if each >= 0.99 * needed]  # A hundredth is not seen.
    if not narrow_enough:
        why = f"It would take f/{needed:.0f} to keep {what}, at which nothing around is soft."
    elif len(narrow_enough) == len(STOPS):
        why = "Its subject is whole even at the widest aperture."
    else:
        why = f"It is the widest aperture that keeps {what}."
    return ShotAperture(first, stop, narrow_enough[0] if narrow_enough else STOPS[-1], why)


def _in_pulls(track: FocusTrack, starts: Sequence[int]) -> Bool[np.ndarray, " frame"]:
    """The frames in which focus is not on the subject: from a pull's begin to the start of its target."""
    moving = np.zeros(len(track.focal_disparity), bool)
    for begin, end in track.pulls:
        moving[begin : min((start for start in starts if start >= end), default=end)] = True
    return moving
