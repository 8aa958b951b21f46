"""Agreement of two annotators of one video, by the errors of Sec. 6.2."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from rackfocus.evaluation.autofocus.focus_table import PAPER_FPS
from rackfocus.focus.decisions import decisions
from rackfocus.metrics.focus import focal_error, level_px, match_targets, timing_error
from rackfocus.types import FocusAnnotation, FocusTarget, InputError

Curve = Float[np.ndarray, " frame"]


@dataclass(frozen=True)
class Agreement:
    """The differences between two annotations.

    Attributes:
        matched: number of new focus targets in both.
        only_one: number of targets only in the first.
        only_other: number of targets only in the second.
        timing_frames: |Δt|, mean over the matched ones, in frames of 30 a second; NaN if there are none.
        apart_share: |Δxy|, mean over the matched ones and the initial focus, in diagonals of the frame: used
            instead of |Δd| where disparity is unknown. NaN if there is nothing to compare.
        focal_levels: |Δd|, mean over the frames, in disparity levels; NaN where disparity is unknown.
    """

    matched: int
    only_one: int
    only_other: int
    timing_frames: float
    apart_share: float
    focal_levels: float


def agreement(
    one: FocusAnnotation,
    other: FocusAnnotation,
    *,
    tolerance_s: float = 2.0,
    focal_disparity: tuple[Curve, Curve] | None = None,
) -> Agreement:
    """Compare the targets in force of two annotations of a video.

    Targets are matched as by `rackfocus.metrics.focus.match_targets`, at any position.

    Args:
        one: of the first annotator.
        other: of the second.
        tolerance_s: the largest distance in time of matched targets.
        focal_disparity: the disparity in focus in each frame by each of them, in pixels of the video.

    Raises:
        InputError: they annotate different videos.
    """
    video = one.video
    if video.sha256 != other.video.sha256:
        raise InputError(
            f"The annotations are about different videos, {video.name} and {other.video.name}; compare two "
            "of the same."
        )
    mine, theirs = _counting(one), _counting(other)
    matching = match_targets(mine, theirs, tolerance_frames=round(tolerance_s * video.fps))
    pairs = [(mine[first], theirs[second]) for first, second in matching.pairs]
    if mine and theirs and mine[0].t == theirs[0].t == 0:
        pairs.append((mine[0], theirs[0]))
    diagonal = float(np.hypot(video.width, video.height))
    apart = [float(np.hypot(a.x - b.x, a.y - b.y)) / diagonal for a, b in pairs]
    levels = float("nan")
    if focal_disparity is not None:
        first, second = (torch.from_numpy(curve) for curve in focal_disparity)
        levels = focal_error(first, second, level_px=level_px(max(video.width, video.height))).item()
    return Agreement(
        matched=len(matching.pairs),
        only_one=len(matching.spurious),
        only_other=len(matching.missed),
        timing_frames=timing_error(matching) / video.fps * PAPER_FPS,
        apart_share=sum(apart) / len(apart) if apart else float("nan"),
        focal_levels=levels,
    )


def _counting(annotation: FocusAnnotation) -> tuple[FocusTarget, ...]:
    return tuple(each.target for each in decisions(annotation.targets) if each.start == each.target.t)
