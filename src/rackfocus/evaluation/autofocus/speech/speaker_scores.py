"""Whether focus is on who speaks, there before speech begins, and at rest otherwise."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rackfocus.evaluation.autofocus.focus_table import Row, mean
from rackfocus.types import FocusTarget, FocusTrack

EARLIEST_S = 1.5
"""Largest time by which focus may arrive before speech."""

SeatOf = Callable[[float, float], int | None]
"""The seat at a point `(x, y)` in pixels of the video. `None`: nobody's."""


@dataclass(frozen=True)
class Turn:
    """Somebody speaks.

    Attributes:
        seat: of the speaker. `None`: off screen.
        first, end: the first frame of the speech, and the one after its last.
    """

    seat: int | None
    first: int
    end: int


def share_on_speaker(focused: Sequence[int | None], turns: Sequence[Turn]) -> float:
    """The share of the frames with a visible speaker in which focus is on a speaker; NaN without any.

    Args:
        focused: the seat in focus in each frame.
        turns: the truth.
    """
    heard, right = np.zeros(len(focused), bool), np.zeros(len(focused), bool)
    for turn in turns:
        if turn.seat is not None:
            heard[turn.first : turn.end] = True
            right[turn.first : turn.end] |= np.array(
                [seat == turn.seat for seat in focused[turn.first : turn.end]], bool
            )
    return float(right[heard].mean()) if heard.any() else np.nan


def share_held(focused: Sequence[int | None], turns: Sequence[Turn]) -> float:
    """The share of the frames in which only a voice off screen is heard in which focus is where it was when
    that began; NaN without any.
    """
    visible = {frame for turn in turns if turn.seat is not None for frame in range(turn.first, turn.end)}
    held: list[bool] = []
    for turn in turns:
        if turn.seat is None:
            frames = [at for at in range(turn.first, min(turn.end, len(focused))) if at not in visible]
            held += [focused[at] == focused[frames[0]] for at in frames]
    return float(np.mean(held)) if held else np.nan


def pull_scores(track: FocusTrack, fps: float) -> Row:
    """`pulls`: the number of targets after the first. `most in 1 s`: of them, within a second."""
    at = np.array(sorted(target.t for target in track.targets)[1:])
    return {
        "pulls": len(at),
        "most in 1 s": max((int(((at >= first) & (at < first + fps)).sum()) for first in at), default=0),
    }


def change_scores(
    targets: Sequence[FocusTarget],
    turns: Sequence[Turn],
    seat_of: SeatOf,
    *,
    fps: float,
    early_frames: int,
) -> Row:
    """Whether focus comes to the next speaker in time.

    Args:
        targets: of autofocus.
        turns: the truth, in the order of their first frames.
        seat_of: whose seat is at a point in focus.
        fps: frames a second.
        early_frames: how long before the frame of its target focus arrives.

    Returns:
        `changes` from one visible speaker to the next, and how many were `in time`: focus arrives before the
        next one speaks alone, and at most 1.5 s before speech begins; `earliest`: of all arrivals before
        speech, in seconds.
    """
    arrivals = [
        (max(target.t - early_frames, 0), seat_of(target.x, target.y))
        for target in sorted(targets, key=lambda target: target.t)
    ]
    seen = [turn for turn in turns if turn.seat is not None]
    changes = [pair for pair in itertools.pairwise(seen) if pair[0].seat != pair[1].seat]
    early = [_early_frames(arrivals, *pair) for pair in changes]
    in_time = sum(
        after.first - _due(before, after) <= frames <= EARLIEST_S * fps
        for frames, (before, after) in zip(early, changes, strict=True)
    )
    return {
        "changes": len(changes),
        "in time": in_time,
        "earliest": max((frames for frames in early if np.isfinite(frames)), default=np.nan) / fps,
    }


def mean_scores(rows: Sequence[Row]) -> Row:
    """The scores of some conversations: shares as means, the smallest share, and the rest as sums or most."""
    return {
        "speaker": mean(rows, "speaker"),
        "least": min((float(row["speaker"]) for row in rows), default=np.nan),
        "held": mean(rows, "held"),
        "changes": sum(int(row["changes"]) for row in rows),
        "in time": sum(int(row["in time"]) for row in rows),
        "earliest": float(np.nanmax([float(row["earliest"]) for row in rows] or [np.nan])),
        "pulls": sum(int(row["pulls"]) for row in rows),
        "most in 1 s": max((int(row["most in 1 s"]) for row in rows), default=0),
    }


def _due(before: Turn, after: Turn) -> int:
    """The frame in which focus is due at the next speaker, who may begin while the previous one speaks."""
    return max(after.first, min(before.end, after.end))


def _early_frames(arrivals: Sequence[tuple[int, int | None]], before: Turn, after: Turn) -> float:
    """How many frames before speech focus arrives at the next speaker; negative: after it; NaN: never.

    If earlier arrivals were at the same speaker, without another in between, focus came with the first.
    """
    due = _due(before, after)
    come = [frame for frame, seat in arrivals if frame <= due]
    own = list(itertools.takewhile(lambda each: each[1] == after.seat, reversed(arrivals[: len(come)])))
    if own:
        return after.first - own[-1][0]
    late = [frame for frame, seat in arrivals if seat == after.seat and due < frame < after.end]
    return after.first - late[0] if late else np.nan
