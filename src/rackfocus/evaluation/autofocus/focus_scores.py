"""The scores of focus in a clip and over several clips, for Table 1 and similar tables."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float

from rackfocus.evaluation.autofocus.focus_clips import AnnotatedClip
from rackfocus.evaluation.autofocus.focus_table import Row, mean
from rackfocus.metrics.focus import (
    Matching,
    focal_error,
    match_targets,
    precision,
    recall,
    timing_error,
)
from rackfocus.types import FocusTrack


def matched_targets(clip: AnnotatedClip, track: FocusTrack, tolerance_s: float) -> Matching:
    """Match found and true targets; `tolerance_s` is the largest distance in time."""
    return match_targets(
        track.targets,
        clip.targets,
        tolerance_frames=round(tolerance_s * clip.annotation.video.fps),
        agree=clip.agree,
    )


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
        "recall": recall(matching),
        "precision": precision(matching),
        "matched": len(matching.pairs),
        "missed": len(matching.missed),
        "spurious": len(matching.spurious),
    }


def mean_scores(rows: Sequence[Row]) -> Row:
    """Scores of several clips: errors are averaged, targets are counted over all of them."""
    matched, missed, spurious = (
        sum(int(row[name]) for row in rows) for name in ("matched", "missed", "spurious")
    )
    return {
        "|Δd|": mean(rows, "|Δd|"),
        "|Δt|": mean(rows, "|Δt|"),
        "recall": matched / (matched + missed) if matched + missed else float("nan"),
        "precision": matched / (matched + spurious) if matched + spurious else float("nan"),
        "matched": matched,
        "missed": missed,
        "spurious": spurious,
    }
