"""Links the regions of successive frames to subjects, and finds changes of subject."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

Box = Float[np.ndarray, "4"]

BESIDE = 1 / 3
"""Share of the tolerance of depth where boxes do not overlap: what is beside a subject is often another."""
RECENT = 2
"""A region is compared with so many last boxes of a subject: one alone may be of a part, such as a foot."""


@dataclass
class _Subject:
    """The last known state of a subject, in pixels.

    Attributes:
        boxes: left, top, right and bottom, in the last frames in which it was detected, at most `RECENT`.
        disparity: of it.
        seen: index of the last frame in which it was detected.
    """

    boxes: list[Box]
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
    """Number the subjects of a shot, and return the subject of each frame.

    A region belongs to the subject whose last boxes it touches, at the same depth. If it does not overlap
    them, the depths have to agree better (`BESIDE`). A subject that left the frame is dropped after a while,
    and a later one at that place is new. A subject inside the frame is never dropped.

    Args:
        boxes: left, top, right and bottom in pixels; NaN where nothing is detected.
        disparity: of the detected subject.
        size: width and height of the frame.
        reach_px: maximum distance of boxes that touch.
        depth_px: maximum difference of disparities of the same depth.
        absence_frames: time after which an undetected subject that was at the frame's border is dropped.

    Returns:
        From 0; -1 where nothing is detected.
    """
    labels = np.full(len(boxes), -1)
    known: list[_Subject] = []
    for frame, box in enumerate(boxes):
        if not np.isfinite(box).all():
            continue
        here = []
        for number, subject in enumerate(known):
            if frame - subject.seen > absence_frames and _at_border(subject.boxes[-1], size, reach_px):
                continue
            gap = min(_distance(box, recent) for recent in subject.boxes)
            tolerance = depth_px * (BESIDE if gap > 0 else 1)
            if gap <= reach_px and not abs(disparity[frame] - subject.disparity) > tolerance:
                here.append((gap, -subject.seen, number))
        if not here:
            here.append((0.0, 0, len(known)))
            known.append(_Subject([], disparity[frame], frame))
        number = min(here)[2]
        known[number] = _Subject([*known[number].boxes, box][-RECENT:], disparity[frame], frame)
        labels[frame] = number
    return labels


def drop_uncertain_subjects(
    labels: Int[np.ndarray, " frame"],
    strength: Float[np.ndarray, " frame"],
    *,
    least: float,
    gap_frames: int,
) -> Int[np.ndarray, " frame"]:
    """The same labels, without the intervals of a subject in which it never was detected clearly.

    Args:
        labels: the subject of each frame, -1: none.
        strength: how clearly it is detected.
        least: minimum of the largest strength in an interval.
        gap_frames: an interval ends where the subject is not detected for this long.
    """
    kept = labels.copy()
    for label in range(int(labels.max(initial=-1)) + 1):
        frames = np.flatnonzero(labels == label)
        for stretch in np.split(frames, np.flatnonzero(np.diff(frames) > gap_frames) + 1):
            if len(stretch) and strength[stretch].max() < least:
                kept[stretch] = -1
    return kept


def subject_changes(
    labels: Int[np.ndarray, " frame"],
    strength: Float[np.ndarray, " frame"],
    *,
    stay_frames: int,
    share: float,
    onset: float,
) -> list[int]:
    """The frames from which another subject is visible and stays, including the first subject's first frame.

    It does not count if the previous subject returns soon, within twice `stay_frames`, and is detected more
    often in that time: then the new one only passed in front of it.

    Args:
        labels: the subject of each frame, -1: none.
        strength: how clearly it is detected.
        stay_frames: number of frames that are checked from there on.
        share: minimum share of these in which it is detected; also more often than all others together.
        onset: ratio of its strength at its beginning to its maximum soon after, within twice that time.
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
    """Distance between the nearest points of two boxes."""
    apart = np.maximum(np.maximum(one[:2] - other[2:], other[:2] - one[2:]), 0)
    return float(np.hypot(*apart))


def _at_border(box: Box, size: tuple[int, int], reach_px: float) -> bool:
    """Whether a box touches the border of the frame, at one of the sides by which people leave."""
    return bool(box[0] <= reach_px or box[2] >= size[0] - 1 - reach_px)
