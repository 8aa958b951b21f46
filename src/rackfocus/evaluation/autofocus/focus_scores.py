"""The scores of focus in a clip and over several clips, for Table 1 and similar tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float

from rackfocus.evaluation.autofocus.focus_clips import AnnotatedClip
from rackfocus.evaluation.autofocus.focus_table import FootageTable, Row, Value, mean
from rackfocus.focus.puller import FocusPuller
from rackfocus.metrics.focus import (
    Matching,
    focal_error,
    match_targets,
    precision,
    recall,
    timing_error,
)
from rackfocus.types import FocusTarget, FocusTrack


@dataclass(frozen=True, kw_only=True)
class ScoredTable(FootageTable):
    """The settings of tables of videos with known focus targets: targets match within `tolerance_s`, and the
    puller moves focus between them, also for the ground truth.
    """

    tolerance_s: float = 2.0
    puller: FocusPuller = field(default_factory=FocusPuller)

    def matched(self, clip: AnnotatedClip, targets: Sequence[FocusTarget]) -> Matching:
        """Match found and true targets."""
        tolerance = round(self.tolerance_s * clip.annotation.video.fps)
        return match_targets(targets, clip.targets, tolerance_frames=tolerance, agree=clip.agree)


def target_scores(matching: Matching) -> dict[str, Value]:
    """Recall, precision and their counts."""
    return {
        "recall": recall(matching),
        "precision": precision(matching),
        "matched": len(matching.pairs),
        "missed": len(matching.missed),
        "spurious": len(matching.spurious),
    }


def scores(
    clip: AnnotatedClip, track: FocusTrack, truth: Float[np.ndarray, " frame"], matching: Matching
) -> Row:
    """|Δd| from the true focal disparity in disparity levels, |Δt| in frames, recall, precision and their
    counts.
    """
    focus, wanted = (torch.from_numpy(curve) for curve in (track.focal_disparity, truth))
    return {
        "|Δd|": focal_error(focus, wanted, level_px=clip.level_px).item(),
        "|Δt|": timing_error(matching),
        **target_scores(matching),
    }


def mean_scores(rows: Sequence[Row]) -> Row:
    """Scores of several clips: errors are averaged, targets are counted over all of them."""
    return {"|Δd|": mean(rows, "|Δd|"), "|Δt|": mean(rows, "|Δt|"), **counted_targets(rows)}


def counted_targets(rows: Sequence[Row]) -> dict[str, Value]:
    """Recall and precision of several clips: targets are counted over all of them."""
    matched, missed, spurious = (
        sum(int(row.get(name, 0)) for row in rows) for name in ("matched", "missed", "spurious")
    )
    return {
        "recall": matched / (matched + missed) if matched + missed else float("nan"),
        "precision": matched / (matched + spurious) if matched + spurious else float("nan"),
        "matched": matched,
        "missed": missed,
        "spurious": spurious,
    }
