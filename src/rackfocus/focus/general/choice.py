"""Which of several subjects is in focus in each frame, with as few changes as they deserve."""

import numpy as np
from jaxtyping import Float, Int


def steady_choice(
    gains: Float[np.ndarray, "subject frame"], *, change_cost: float, stay_frames: int
) -> Int[np.ndarray, " frame"]:
    """The sequence of subjects with the largest sum of gains, less the cost of its changes.

    It is found by dynamic programming (Viterbi 1967). Where that leaves a subject in focus for less than
    `stay_frames`, the subject before or after it, whichever gains more there, takes its place, the shortest
    time first.

    Args:
        gains: of having a subject in focus in a frame; `-inf` where it cannot be.
        change_cost: of each change, in the unit of the gains.
        stay_frames: how long a subject stays in focus at least, unless those before and after it cannot be in
            focus there.

    Returns:
        The subject of each frame.
    """
    gains = np.maximum(gains, IMPOSSIBLE)
    path = _best_path(gains, change_cost)
    while (replaced := _without_briefest(path, gains, stay_frames)) is not None:
        path = replaced
    return path


IMPOSSIBLE = -1e6
"""Less than any gain, but finite, so that sums can be compared."""


def stretches(path: Int[np.ndarray, " frame"]) -> list[slice]:
    """The longest ranges of frames with one subject, in order."""
    starts = [0, *(int(at) for at in np.flatnonzero(np.diff(path)) + 1)]
    return [slice(start, end) for start, end in zip(starts, [*starts[1:], len(path)], strict=True)]


def _best_path(gains: Float[np.ndarray, "subject frame"], change_cost: float) -> Int[np.ndarray, " frame"]:
    subjects, frames = gains.shape
    came_from = np.empty((frames, subjects), int)
    total = gains[:, 0].copy()
    for frame in range(1, frames):
        best = int(total.argmax())
        changes = total[best] - change_cost > total
        came_from[frame] = np.where(changes, best, np.arange(subjects))
        total = np.where(changes, total[best] - change_cost, total) + gains[:, frame]
    path = np.empty(frames, int)
    path[-1] = int(total.argmax())
    for frame in range(frames - 1, 0, -1):
        path[frame - 1] = came_from[frame, path[frame]]
    return path


def _without_briefest(
    path: Int[np.ndarray, " frame"], gains: Float[np.ndarray, "subject frame"], stay_frames: int
) -> Int[np.ndarray, " frame"] | None:
    """The path with the shortest stretch that is too short replaced; `None`: there is none."""
    for brief in sorted(stretches(path), key=lambda each: each.stop - each.start):
        if brief.stop - brief.start >= stay_frames:
            return None
        beside = [int(path[at]) for at in (brief.start - 1, brief.stop) if 0 <= at < len(path)]
        total = {
            each: float(gains[each, brief].sum()) for each in beside if gains[each, brief].min() > IMPOSSIBLE
        }
        if total:
            replaced = path.copy()
            replaced[brief] = max(total, key=lambda each: total[each])
            return replaced
    return None
