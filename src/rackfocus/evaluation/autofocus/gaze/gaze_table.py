"""Table of the agreement of focus with gaze: autofocus, simpler methods, and the best possible point."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from rackfocus.data.gaze.hevc_gaze import WatchedVideo, watched_videos
from rackfocus.evaluation.autofocus.focus_table import FootageTable, Progress, Row, Value, mean
from rackfocus.evaluation.autofocus.gaze.gaze_focus import best_points, centre_points, map_maxima, share_met
from rackfocus.focus.detectors.window import ClipWindow, Detector
from rackfocus.focus.modes import Finder
from rackfocus.pipelines.focusing.autofocus import autofocus, open_footage

COLUMNS = ("centre", "saliency", "autofocus", "best")
SALIENCY_WINDOW_S = 2.0


@dataclass(frozen=True)
class Gaze(FootageTable):
    """One row for each video: the mean over its frames of the share of fixations near the focus point.

    Attributes:
        folder: of videos with the fixations of viewers; see `rackfocus.data.gaze.hevc_gaze`.
        autofocus: the method.
        saliency: a detector, for comparison by the maximum of its maps.
    """

    folder: str
    autofocus: Finder
    saliency: Detector

    def rows(self, folder: Path, progress: Progress) -> Iterator[Row]:  # noqa: ARG002
        """Video by video."""
        videos = watched_videos(self.folder)
        for done, (name, video) in enumerate(videos.items()):
            track = autofocus(video.path, self.autofocus, **self.settings)
            points = {
                "centre": centre_points(video),
                "saliency": self._salient(video),
                "autofocus": track.points[: video.frames],
                "best": best_points(video),
            }
            row: dict[str, Value] = {"video": name}
            row |= {column: share_met(points[column], video) for column in COLUMNS}
            yield row
            progress(done + 1, len(videos))

    def summary(self, rows: Sequence[Row]) -> list[Row]:
        """Means over the videos, and each method's position between the centre (0) and the best point (1)."""
        means = {column: mean(rows, column) for column in COLUMNS}
        way = means["best"] - means["centre"]
        return [
            {"video": "mean", **means},
            {
                "video": "of the way from centre to best",
                **{column: (means[column] - means["centre"]) / way for column in COLUMNS},
            },
        ]

    def _salient(self, video: WatchedVideo) -> Float[np.ndarray, "frame 2"]:
        points = []
        with open_footage(
            video.path,
            disparity=lambda _frame: np.zeros((1, 1)),
            longer_side_px=self.longer_side_px,
            device=self.device,
        ) as footage:
            frames = list(footage.frames())
        size = max(1, round(SALIENCY_WINDOW_S * video.fps))
        for start in range(0, len(frames), size):
            part = frames[start : start + size]
            window = ClipWindow(
                np.stack([each.image for each in part]),
                np.array([each.time_s for each in part]),
                np.array([each.is_cut for each in part]),
            )
            points.append(map_maxima(self.saliency(window), width=video.width, height=video.height))
        return np.concatenate(points)[: video.frames]
