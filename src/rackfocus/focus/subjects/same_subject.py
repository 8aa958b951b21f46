"""Which regions of successive frames show one subject, and when another one takes over."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

Box = Float[np.ndarray, "4"]


@dataclass
class _Subject:
    """Where a subject was last, in pixels.

    Attributes:
        box: left, top, right and bottom.
        disparity: of it.
        seen: index of the last frame with it.
    """

    box: Box
    disparity: float
    seen: int


def link_subjects(
    boxes: Float[np.ndarray, "frame 4"],
    disparity: Float[np.ndarray, " frame"],
    *,
    size: tuple[int, int],
    reach_px: float,
    depth_px: float,
    absence_frames: int,
) -> Int[np.ndarray, " frame"]:
    """A number for each subject of a shot, and which one each frame shows.

    A region shows the subject whose last box it touches, at the same depth. Who has left the frame is
    forgotten after a while: who comes in there later is another one. Who is in it waits for ever.

    Args:
        boxes: left, top, right and bottom in pixels; NaN where nothing is seen.
        disparity: of what is seen.
        size: width and height of the frame.
        reach_px: how far apart two boxes still touch.
        depth_px: how different two disparities are that are one depth.
        absence_frames: after how long without being seen one who was at the frame's border is gone.

    Returns:
        From 0; -1 where nothing is seen.
    """
    labels = np.full(len(boxes), -1)
    known: list[_Subject] = []
    for frame, box in enumerate(boxes):
        if not np.isfinite(box).all():
            continue
        here = [
            (_distance(box, subject.box), -subject.seen, number)
            for number, subject in enumerate(known)
            if (frame - subject.seen <= absence_frames or not _at_border(subject.box, size, reach_px))
            and not abs(disparity[frame] - subject.disparity) > depth_px
        ]
        gap, _, number = min(here, default=(np.inf, 0, 0))
        if gap > reach_px:
            number = len(known)
            known.append(_Subject(box, disparity[frame], frame))
        known[number] = _Subject(box, disparity[frame], frame)
        labels[frame] = number
    return labels


def sure_subjects(
    labels: Int[np.ndarray, " frame"],
    strength: Float[np.ndarray, " frame"],
    *,
    least: float,
    gap_frames: int,
) -> Int[np.ndarray, " frame"]:
    """The same labels, without the stretches of a subject in which it never was seen well.

    Args:
        labels: the subject of each frame, -1 for none.
        strength: how well it is seen.
        least: how well at some time of a stretch.
        gap_frames: a stretch ends where the subject is not seen for so long.
    """
    kept = labels.copy()
    for label in range(int(labels.max(initial=-1)) + 1):
        frames = np.flatnonzero(labels == label)
        for stretch in np.split(frames, np.flatnonzero(np.diff(frames) > gap_frames) + 1):
            if len(stretch) and strength[stretch].max() < least:
                kept[stretch] = -1
    return kept


def takeovers(
    labels: Int[np.ndarray, " frame"],
    strength: Float[np.ndarray, " frame"],
    *,
    stay_frames: int,
    share: float,
    onset: float,
) -> list[int]:
    """The frames from which on another subject is shown, and stays; the first one's first frame included.

    It does not stay where the one before it comes back soon, in twice `stay_frames`, and is seen more often
    there: then something only came between.

    Args:
        labels: the subject of each frame, -1 for none.
        strength: how well it is seen.
        stay_frames: over how many frames from there on it is looked at.
        share: in how many of them it is seen at least; and more often than all others together.
        onset: how well it is seen from the beginning, over how well it is seen at its best soon
            after, in twice that time.
    """
    changes: list[int] = []
    current = -1
    for frame in np.flatnonzero(labels >= 0):
        label = labels[frame]
        if label == current:
            continue
        ahead = labels[frame : frame + stay_frames]
        own, others = int((ahead == label).sum()), int(((ahead >= 0) & (ahead != label)).sum())
        soon = labels[frame : frame + 2 * stay_frames]
        again = soon == label
        grows = strength[frame] < onset * strength[frame : frame + 2 * stay_frames][again].max()
        returns = current >= 0 and (soon == current).sum() > again.sum()
        if not (grows or returns) and own > others and own >= share * stay_frames:
            changes.append(int(frame))
            current = label
    return changes


def _distance(one: Box, other: Box) -> float:
    """Between the nearest points of two boxes."""
    apart = np.maximum(np.maximum(one[:2] - other[2:], other[:2] - one[2:]), 0)
    return float(np.hypot(*apart))


def _at_border(box: Box, size: tuple[int, int], reach_px: float) -> bool:
    """Whether a box ends where the frame ends, at one of the sides by which people leave."""
    return bool(box[0] <= reach_px or box[2] >= size[0] - 1 - reach_px)
