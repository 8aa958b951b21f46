"""The focus puller: computes the focal disparity of each frame from the disparities of the subjects (Sec. 5).

It works on 1-D curves in any unit of disparity. Each subject's disparity is smoothed separately; pulls then
connect the subjects.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Num
from numpy.lib.stride_tricks import sliding_window_view

from rackfocus.types import FocusPulls, InputError

Curve = Float[np.ndarray, " frame"]
Pull = tuple[int, int]
"""The frame in which a pull begins, and the frame in which it ends."""

_SHAPES: dict[str, Callable[[float], float]] = {
    "linear": lambda share: share,
    "eased": lambda share: share * share * (3 - 2 * share),
}


@dataclass(frozen=True)
class FocusPuller:
    """Moves focus from subject to subject.

    A pull begins at the current focus and moves to the disparity that its target has at the target's own
    frame. It begins after the frame of the previous target, if at least half of its duration remains;
    otherwise it takes half of its duration and interrupts a pull in progress. A pull never crosses a cut:
    there, focus jumps with the cut.

    Attributes:
        duration_frames: duration of a pull (the paper: 10).
        early_frames: how long before the frame of its target it arrives (the paper: "slightly").
        easing: `linear` as in the paper, or `eased`: with smooth start and end (smoothstep).
        smoothing_frames: radius of the smoothing of a subject's disparity; 0: none.

    Raises:
        InputError: a number of frames is negative, or the easing is unknown.
    """

    duration_frames: int = 10
    early_frames: int = 2
    easing: str = "linear"
    smoothing_frames: int = 8

    def __post_init__(self) -> None:
        FocusPulls(self.duration_frames, self.early_frames, self.easing)
        if self.smoothing_frames < 0:
            raise InputError(f"smoothing_frames must be 0 or more, and is {self.smoothing_frames}.")

    def __call__(
        self, disparity: Num[np.ndarray, " frame"], starts: Sequence[int], cuts: Sequence[int] = ()
    ) -> Curve:
        """The focal disparity of every frame.

        Args:
            disparity: in each frame, of the subject in force there; NaN where it is unknown.
            starts: the frames from which another subject is in force, or the same one was found again.
            cuts: the first frames of new shots.

        Returns:
            In the same unit. Where it is unknown the previous value is held until a pull to the next known
            value is due; after a start or a cut the first known value is used. If nothing is known, 0.
        """
        count = len(disparity)
        starts, cuts = (sorted({at for at in each if 0 < at < count}) for each in (starts, cuts))
        focus = self._held(disparity.astype(np.float64), sorted({0, *starts, *cuts}))
        for before, start in pairwise([0, *starts]):
            goal = focus[start]
            begin, arrival = self._interval(before, start, cuts)
            if begin < arrival:
                shares = [self.shape(passed / (arrival - begin)) for passed in range(arrival - begin)]
                focus[begin:arrival] = focus[begin] + np.array(shares) * (goal - focus[begin])
            focus[arrival:start] = goal
        return focus

    def intervals(self, starts: Sequence[int], cuts: Sequence[int] = ()) -> tuple[Pull, ...]:
        """The first and last frame of each pull, in time order; an interrupted pull ends where the next one
        begins.

        There is no pull where focus jumps.

        Args:
            starts: as in `__call__`; starts after the last frame count, too.
            cuts: as in `__call__`.
        """
        changes = sorted({start for start in starts if start > 0})
        pulls = (self._interval(before, start, cuts) for before, start in pairwise([0, *changes]))
        moves = [(begin, arrival) for begin, arrival in pulls if begin < arrival]
        ends = [min(arrival, following) for (_, arrival), (following, _) in pairwise([*moves, (math.inf, 0)])]
        return tuple((begin, int(end)) for (begin, _), end in zip(moves, ends, strict=True) if begin < end)

    def _interval(self, before: int, start: int, cuts: Sequence[int]) -> Pull:
        """The first and last frame of the pull to the target at `start`; the same frame where focus jumps.

        Args:
            before: frame of the previous target.
            start: frame of the pull's target.
            cuts: the first frames of new shots.
        """
        arrival = max(start - self.early_frames, 0)
        half = (self.duration_frames + 1) // 2
        begin = max(arrival - self.duration_frames, min(before, arrival - half), 0)
        last_cut = max((cut for cut in cuts if begin < cut <= start), default=None)
        return (begin, arrival) if last_cut is None else (last_cut, last_cut)

    def shape(self, share: float) -> float:
        """The covered share of a pull's way, 0 to 1, after this share of its time."""
        return _SHAPES[self.easing](share)

    def _held(self, disparity: Curve, starts: Sequence[int]) -> Curve:
        """Each interval smoothed separately, with its gaps filled."""
        filled = np.empty_like(disparity)
        last = next((value for value in disparity if np.isfinite(value)), 0.0)
        for start, end in pairwise([*starts, len(disparity)]):
            known = np.flatnonzero(np.isfinite(disparity[start:end])).astype(np.float64)
            if known.size == 0:
                filled[start:end] = last
                continue
            values = smoothed(disparity[start:end][known.astype(int)], known, self.smoothing_frames)
            # Within a gap the last value is held until a pull to the next one has to begin.
            ahead = known[1:] - max(self.duration_frames, 1)
            waits = ahead > known[:-1]
            moments = np.concatenate([known, ahead[waits]])
            levels = np.concatenate([values, values[:-1][waits]])
            order = np.argsort(moments, kind="stable")
            filled[start:end] = np.interp(np.arange(end - start), moments[order], levels[order])
            last = filled[end - 1]
        return filled


def smoothed(values: Curve, times: Curve, reach: int) -> Curve:
    """Remove spikes and noise: a running median of five, then local linear regression with tricube weights.

    A linear curve is not changed, even at its ends (Cleveland 1979, "Robust Locally Weighted Regression").

    Args:
        values: all of them known.
        times: increasing, in frames.
        reach: radius in frames; 0 changes nothing.
    """
    if reach == 0 or len(values) < 3:
        return values
    around = sliding_window_view(np.pad(times, reach, constant_values=np.inf), 2 * reach + 1)
    offsets = around - times[:, None]
    weights = np.clip(1 - np.abs(offsets / (reach + 1)) ** 3, 0, None) ** 3
    offsets = np.where(weights > 0, offsets, 0.0)
    near = sliding_window_view(np.pad(_without_spikes(values), reach), 2 * reach + 1)
    w0, w1, w2 = ((weights * offsets**power).sum(axis=1) for power in range(3))
    y0, y1 = ((weights * offsets**power * near).sum(axis=1) for power in range(2))
    determinant = w0 * w2 - w1 * w1
    lines = determinant > 1e-9 * w0 * w0
    return np.where(lines, (w2 * y0 - w1 * y1) / np.where(lines, determinant, 1.0), y0 / w0)


def _without_spikes(values: Curve) -> Curve:
    """A running median of five; of three and of one at the ends, to keep their slope."""
    clean = values.copy()
    if len(values) >= 3:
        clean[1:-1] = np.median(sliding_window_view(values, 3), axis=1)
    if len(values) >= 5:
        clean[2:-2] = np.median(sliding_window_view(values, 5), axis=1)
    return clean
