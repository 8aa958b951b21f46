"""New focus targets from gaze: a target begins where most viewers shift their gaze and stay.

A heuristic, for videos without annotation.

1. Every `STEP_S`, regions are the peaks of the density of the fixations within `SPREAD_S` of that time. The
   share of a region is the part of those fixations within its reach.
2. One region is chosen for each time so that the sum of the chosen shares minus a penalty for each jump is
   largest (Viterbi). Between successive times a region may move by `MOVE_PER_STEP` widths of the picture,
   which follows a walking subject; a longer move is a jump. The penalty suppresses brief changes: a jump to a
   region with a fifth more of the gaze pays off after three quarters of a second.
3. A stay shorter than `SHORTEST_STAY_S` is a glance and is left out, even if all viewers glance.
4. Each remaining jump is a new focus target, at the first frame of the new region; the first region is the
   initial focus, at frame 0. Gaze in the first `SETTLING_S` is ignored, because viewers still look at the
   middle of the screen.

Gaze follows an event after about a fifth of a second. This delay is not subtracted: focus should arrive when
the viewers do.
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from rackfocus.types import FocusTarget

STEP_S = 0.1
SPREAD_S = 0.1
SETTLING_S = 0.5
REACH_SHARE = 0.05
"""Standard deviation of a region, as a share of the width of the picture: about a face and its shoulders."""
MOVE_PER_STEP = 0.07
JUMP_PRICE = 1.5
"""The penalty of a jump, in units of share times steps."""
SHORTEST_STAY_S = 0.8
REGIONS = 6
"""The largest number of regions at one time."""


@dataclass(frozen=True)
class Fixations:
    """The fixations of all viewers of a video; one entry for each fixation, `(x, y)` in pixels."""

    start_s: Float[np.ndarray, " fixation"]
    end_s: Float[np.ndarray, " fixation"]
    points: Float[np.ndarray, "fixation 2"]

    def at(self, time_s: float, spread_s: float = 0.0) -> Float[np.ndarray, "point 2"]:
        """The fixations at a time, or within `spread_s` of it."""
        going_on = (self.start_s <= time_s + spread_s) & (self.end_s > time_s - spread_s)
        return self.points[going_on]


@dataclass(frozen=True)
class Region:
    """A place in pixels that viewers look at, at one time, with its share of the gaze then, 0 to 1."""

    x: float
    y: float
    share: float


def regions_at(points: Float[np.ndarray, "point 2"], reach_px: float) -> list[Region]:
    """The peaks of the density of some fixations, in decreasing order of gaze."""
    if not len(points):
        return []
    squared = ((points[:, None] - points[None]) ** 2).sum(2)
    nearness = np.exp(-squared / (2 * reach_px**2))
    density = nearness.sum(1)
    regions: list[Region] = []
    left = np.ones(len(points), bool)
    while left.any() and len(regions) < REGIONS:
        peak = int(np.where(left, density, -1.0).argmax())
        weights = nearness[peak]
        x, y = (weights @ points / weights.sum()).tolist()
        regions.append(Region(x, y, float(weights.mean())))
        left &= squared[peak] > (2 * reach_px) ** 2
    return regions


def followed_regions(moments: list[list[Region]], move_px: float) -> list[tuple[int, bool]]:
    """The chosen region for each time, of regions of which none is empty, and whether it is reached by a
    jump.

    A region may move by `move_px` in a step without a jump.
    """
    scores = np.array([region.share for region in moments[0]])
    origins: list[np.ndarray] = []
    jumps: list[np.ndarray] = []
    for before, now in pairwise(moments):
        here = np.array([(region.x, region.y) for region in now])
        there = np.array([(region.x, region.y) for region in before])
        far = np.linalg.norm(here[:, None] - there[None], axis=2) > move_px
        reached = scores[None] - JUMP_PRICE * far
        origin = reached.argmax(1)
        origins.append(origin)
        jumps.append(far[np.arange(len(now)), origin])
        scores = reached.max(1) + np.array([region.share for region in now])
    chosen = int(scores.argmax())
    path = []
    for origin, jump in zip(reversed(origins), reversed(jumps), strict=True):
        path.append((chosen, bool(jump[chosen])))
        chosen = int(origin[chosen])
    return [(chosen, False), *reversed(path)]


def gaze_targets(fixations: Fixations, *, frames: int, fps: float, width: int) -> list[FocusTarget]:
    """The new focus targets of a video `width` pixels wide; the first is at frame 0. Empty without gaze."""
    count = math.ceil((frames / fps - SETTLING_S) / STEP_S)
    times = [SETTLING_S + number * STEP_S for number in range(max(1, count))]
    moments = [(time, regions_at(fixations.at(time, SPREAD_S), REACH_SHARE * width)) for time in times]
    moments = [(time, regions) for time, regions in moments if regions]
    if not moments:
        return []
    move_px = MOVE_PER_STEP * width
    path = followed_regions([regions for _, regions in moments], move_px)
    stays: list[_Stay] = []
    for (time, regions), (chosen, jump) in zip(moments, path, strict=True):
        if stays and not jump:
            stays[-1] = replace(stays[-1], last=regions[chosen])
        else:
            stays.append(_Stay(time, regions[chosen], regions[chosen]))
    lasting = _lasting(stays, move_px)
    frame_indices = [0] + [min(frames - 1, round(stay.start_s * fps)) for stay in lasting[1:]]
    return [
        FocusTarget(frame, stay.first.x, stay.first.y, source="gaze")
        for frame, stay in zip(frame_indices, lasting, strict=True)
    ]


@dataclass(frozen=True)
class _Stay:
    """A region that is looked at without a jump: its start, and its first and last state."""

    start_s: float
    first: Region
    last: Region


def _lasting(stays: list[_Stay], move_px: float) -> list[_Stay]:
    """Remove glances and the returns from them. The last stay is kept, as its end is unknown."""
    kept = stays[:1]
    ends_s = [stay.start_s for stay in stays[1:]] + [math.inf]
    for stay, end_s in zip(stays[1:], ends_s[1:], strict=True):
        before = kept[-1].last
        if end_s - stay.start_s < SHORTEST_STAY_S:
            continue
        if math.hypot(stay.first.x - before.x, stay.first.y - before.y) > move_px:
            kept.append(stay)
        else:
            kept[-1] = replace(kept[-1], last=stay.last)
    return kept
