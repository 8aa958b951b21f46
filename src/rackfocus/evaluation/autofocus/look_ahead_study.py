"""Study of the length of the look-ahead buffer: |Δt| and |Δd| against the buffer in seconds (Sec. 5)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rackfocus.evaluation.autofocus.focus_clips import AnnotatedClip, find_clips
from rackfocus.evaluation.autofocus.focus_scores import ScoredTable, mean_scores, scores
from rackfocus.evaluation.autofocus.focus_table import Progress, Row
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.pipelines.focusing.streaming import streaming_tracks
from rackfocus.types import FocusTrack, InputError
from rackfocus.video.stabilizer.none import NoStabilizer
from rackfocus.whole_files import whole_file

PICTURE_FILE = "look_ahead.png"


@dataclass(frozen=True)
class LookAheadStudy(ScoredTable):
    """The same annotated videos (see `rackfocus.evaluation.autofocus.focus_clips`) with several lengths of
    the buffer; 0 is an autofocus without look-ahead. Detection is repeated every `hop_s`.

    Raises:
        InputError: `buffers_s` is empty.
    """

    folder: str
    autofocus: SceneSpecific
    buffers_s: Sequence[float] = (0.0, 0.5, 1.0, 2.0, 4.0)
    hop_s: float = 0.25

    def __post_init__(self) -> None:
        if not self.buffers_s:
            raise InputError("buffers_s must be lengths in seconds such as [0,1,2].")

    def rows(self, folder: Path, progress: Progress) -> Iterator[Row]:
        """A row for each video and buffer, and at the end a chart of the means."""
        clips = find_clips(self.folder)
        made: list[Row] = []
        for done, clip in enumerate(clips):
            truth = clip.true_focus(self.puller, **self.settings)
            with clip.footage(stabilizer=NoStabilizer(), **self.settings) as footage:
                tracks = streaming_tracks(
                    footage, self.autofocus, self.buffers_s, hop_s=self.hop_s, puller=self.puller
                )
            for buffer_s, track in zip(self.buffers_s, tracks, strict=True):
                made.append(self._row(clip, buffer_s, track, truth))
                yield made[-1]
            progress(done + 1, len(clips))
        draw_study(self.summary(made), folder / PICTURE_FILE)

    def summary(self, rows: Sequence[Row]) -> list[Row]:
        """Means over videos; precision and recall over all targets."""
        return [
            _mean([row for row in rows if row["buffer_s"] == buffer_s])
            for buffer_s in dict.fromkeys(row["buffer_s"] for row in rows)
        ]

    def _row(self, clip: AnnotatedClip, buffer_s: float, track: FocusTrack, truth: np.ndarray) -> Row:
        matching = self.matched(clip, track.targets)
        return {"video": clip.name, "buffer_s": buffer_s, **scores(clip, track, truth, matching)}


def draw_study(means: Sequence[Row], path: Path) -> None:
    """|Δt| and |Δd| against the length of the buffer, as PNG."""
    figure = Figure(figsize=(8, 3), layout="constrained")
    buffers = [float(row["buffer_s"]) for row in means]
    labels = {"|Δt|": "|Δt| in frames", "|Δd|": "|Δd| in disparity levels"}
    for axes, (column, label) in zip(figure.subplots(1, 2), labels.items(), strict=True):
        axes.plot(buffers, [float(row[column]) for row in means], "o-", color="#0072b2")
        axes.set(xlabel="buffer in seconds", ylabel=label)
        axes.set_ylim(bottom=0)
        axes.grid(visible=True, lw=0.4, color="#dddddd")
    with whole_file(path) as draft, draft.open("wb") as file:
        FigureCanvasAgg(figure).print_png(file)


def _mean(rows: Sequence[Row]) -> Row:
    return {"video": f"mean of {len(rows)}", "buffer_s": rows[0]["buffer_s"], **mean_scores(rows)}
