"""Rows of clips: when focus changes and how far it is off, against the events of ray-traced clips."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from rackfocus.evaluation.autofocus.focus_clips import AnnotatedClip
from rackfocus.evaluation.autofocus.focus_scores import ScoredTable, mean_scores, scores
from rackfocus.evaluation.autofocus.focus_table import PAPER_FPS, Row, mean
from rackfocus.evaluation.autofocus.table_1 import kept_focus
from rackfocus.evaluation.benchmarks.leaderboard.result import Measured
from rackfocus.focus.modes import Finder
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.pipelines.focusing.autofocus import autofocus
from rackfocus.types import InputError

COLUMNS = {
    "focus_error_levels": "|Δd|",
    "timing_error_frames": "|Δt|",
    "recall": "recall",
    "precision": "precision",
    "matched": "matched",
    "missed": "missed",
    "spurious": "spurious",
    "frame_s": "frame_s",
}
"""The columns of the leaderboard by those of `rackfocus evaluate table=table_1`."""


@dataclass(frozen=True)
class FocusMeasure(ScoredTable):
    """Measures autofocus as `rackfocus evaluate table=table_1` does, but |Δt| in frames of 30 a second, for
    the rates of clips differ.
    """

    def measure(
        self, clips: Sequence[AnnotatedClip], finder: Finder | None, estimator: RGBDHDREstimator | None
    ) -> Measured:
        """One row, over all clips.

        Args:
            clips: at least one.
            finder: finds the focus targets. `None`: focus stays where the true one begins.
            estimator: finds the disparity of the frames. `None`: the truth gives it.

        Raises:
            InputError: the true disparity of a clip is not known.
        """
        rows = [self._row(clip, finder, estimator) for clip in clips]
        means = {**mean_scores(rows), "frame_s": mean(rows, "frame_s")}
        return Measured({name: float(means[column]) for name, column in COLUMNS.items()}, samples=len(clips))

    def _row(self, clip: AnnotatedClip, finder: Finder | None, estimator: RGBDHDREstimator | None) -> Row:
        truth = clip.true_focus(self.puller, **self.settings)
        start = time.perf_counter()
        if finder is None:
            track = kept_focus(truth)
        elif estimator is not None:
            track = autofocus(clip.video, finder, model=estimator, puller=self.puller, **self.settings)
        elif clip.disparity is not None:
            track = autofocus(
                clip.video, finder, disparity=clip.disparity, puller=self.puller, **self.settings
            )
        else:
            raise InputError(f"The true disparity of {clip.video} is not known; name a depth model.")
        seconds = math.nan if finder is None else (time.perf_counter() - start) / len(truth)
        row = scores(clip, track, truth, self.matched(clip, track.targets))
        at_30 = float(row["|Δt|"]) / clip.annotation.video.fps * PAPER_FPS
        return {**row, "|Δt|": at_30, "frame_s": seconds}
