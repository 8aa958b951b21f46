"""Table 1: errors of focus targets and focus of look-ahead autofocus and two simpler methods.

|Δd| is the mean over the frames of a video, |Δt| that over its matched targets (Sec. 6.2); precision and
recall count the spurious and the missed ones, which the paper does not report.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from rackfocus.evaluation.autofocus.focus_clips import AnnotatedClip, find_clips
from rackfocus.evaluation.autofocus.focus_scores import ScoredTable, mean_scores, scores
from rackfocus.evaluation.autofocus.focus_table import Progress, Row, mean
from rackfocus.evaluation.reports.focus_timeline import Truth, draw_timeline, thumbnails_at
from rackfocus.focus.modes import Finder
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.pipelines.focusing.autofocus import autofocus
from rackfocus.pipelines.focusing.streaming import streaming_autofocus
from rackfocus.types import FocusTrack

LAAF, CAUSAL, OPTICAL = "look-ahead", "causal", "first focus kept"
TIMELY_FRAMES = 15
"""The paper counts videos whose |Δt| is below this: half a second at 30 frames a second."""


@dataclass(frozen=True)
class Table1(ScoredTable):
    """Look-ahead autofocus, the same without look-ahead where its detectors can do without, and a fixed
    focus, in a folder of annotated videos; see `rackfocus.evaluation.autofocus.focus_clips`.
    """

    folder: str
    autofocus: Finder

    def rows(self, folder: Path, progress: Progress) -> Iterator[Row]:
        """A row for each video and method, and a timeline picture of look-ahead."""
        clips = find_clips(self.folder)
        for done, clip in enumerate(clips):
            truth = clip.true_focus(self.puller, **self.settings)
            for method, make in self._methods().items():
                start = time.perf_counter()
                track = make(clip, truth)
                yield self._row(clip, method, track, truth, seconds=time.perf_counter() - start)
                if method == LAAF:
                    self._draw(clip, track, truth, folder / f"{clip.name}.png")
            progress(done + 1, len(clips))

    def summary(self, rows: Sequence[Row]) -> list[Row]:
        """Means over videos; precision and recall over all targets; how many videos are below 15 frames."""
        methods = list(dict.fromkeys(row["method"] for row in rows))
        return [_mean([row for row in rows if row["method"] == method]) for method in methods]

    def _methods(self) -> dict[str, Callable[[AnnotatedClip, np.ndarray], FocusTrack]]:
        settings: dict[str, Any] = self.settings | {"puller": self.puller}

        def look_ahead(clip: AnnotatedClip, _truth: np.ndarray) -> FocusTrack:
            return autofocus(clip.video, self.autofocus, disparity=clip.disparity, **settings)

        def optical(_clip: AnnotatedClip, truth: np.ndarray) -> FocusTrack:
            return kept_focus(truth)

        scene = self.autofocus
        if not isinstance(scene, SceneSpecific):
            return {LAAF: look_ahead, OPTICAL: optical}

        def causal(clip: AnnotatedClip, _truth: np.ndarray) -> FocusTrack:
            return streaming_autofocus(clip.video, scene, buffer_s=0.0, disparity=clip.disparity, **settings)

        return {LAAF: look_ahead, CAUSAL: causal, OPTICAL: optical}

    def _row(
        self, clip: AnnotatedClip, method: str, track: FocusTrack, truth: np.ndarray, *, seconds: float
    ) -> Row:
        matching = self.matched(clip, track.targets)
        return {
            "video": clip.name,
            "method": method,
            **scores(clip, track, truth, matching),
            "Δt": " ".join(f"{offset:+d}" for offset in matching.offsets),
            "seconds": seconds,
        }

    def _draw(self, clip: AnnotatedClip, track: FocusTrack, truth: np.ndarray, path: Path) -> None:
        with clip.footage(**self.settings) as footage:
            draw_timeline(
                path,
                track,
                fps=clip.annotation.video.fps,
                thumbnails=thumbnails_at(track.targets, footage, self.autofocus),
                truth=Truth(clip.targets, truth),
                title=clip.name,
            )


def kept_focus(truth: Float[np.ndarray, " frame"]) -> FocusTrack:
    """Focus that stays where the true one is in the first frame, in pixels of the video, without targets."""
    kept = np.full(len(truth), truth[0])
    return FocusTrack((), np.full((len(truth), 2), np.nan), kept, np.zeros(len(truth)))


def _mean(rows: Sequence[Row]) -> Row:
    timely = sum(float(row["|Δt|"]) < TIMELY_FRAMES for row in rows)
    return {
        "video": f"mean of {len(rows)}",
        "method": rows[0]["method"],
        **mean_scores(rows),
        "Δt": f"|Δt| < {TIMELY_FRAMES}: {timely} of {len(rows)}",
        "seconds": mean(rows, "seconds"),
    }
