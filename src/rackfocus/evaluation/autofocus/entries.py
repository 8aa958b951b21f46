"""Evaluation of entering people: whether each person who enters becomes a focus target, and when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from rackfocus.evaluation.autofocus.focus_table import FootageTable, Progress, Row
from rackfocus.evaluation.reports.focus_timeline import Truth, draw_timeline, thumbnails_at
from rackfocus.focus.annotation.json_file import load_annotation
from rackfocus.focus.decisions import decisions
from rackfocus.focus.modes import Finder
from rackfocus.metrics.focus import match_targets
from rackfocus.pipelines.focusing.autofocus import autofocus, open_footage
from rackfocus.types import FocusTarget, InputError


@dataclass(frozen=True)
class Entries(FootageTable):
    """One row for each entry into a video, annotated by hand: the target found for it, at most
    `within_frames` away, and whether focus is on the entering person in its frame.
    """

    video: str
    annotation: str
    autofocus: Finder
    within_frames: int = 15

    def rows(self, folder: Path, progress: Progress) -> Iterator[Row]:
        """The entries in time order, and a timeline picture."""
        annotation = load_annotation(self.annotation)
        entries = [decision.target for decision in decisions(annotation.targets)]
        if any(entry.box is None for entry in entries):
            raise InputError(f"{self.annotation} must give the box of everybody who enters.")
        track = autofocus(
            self.video,
            self.autofocus,
            progress=lambda done, total: progress(done, total or 2 * annotation.video.frames),
            **self.settings,
        )
        with open_footage(self.video, **self.settings) as footage:
            draw_timeline(
                folder / f"{Path(self.annotation).stem}.png",
                track,
                fps=annotation.video.fps,
                thumbnails=thumbnails_at(track.targets, footage, self.autofocus),
                truth=Truth(entries),
                title=Path(self.video).stem,
            )
        matching = match_targets(track.targets, entries, tolerance_frames=self.within_frames)
        found = {entry: track.targets[index].t for index, entry in matching.pairs}
        for number, entry in enumerate(entries):
            hit = found.get(number)
            yield {
                "entry": number + 1,
                "frame": entry.t,
                "target": float("nan") if hit is None else hit,
                "Δt": float("nan") if hit is None else hit - entry.t,
                "found": hit is not None,
                "followed": _is_on(entry, track.points[min(entry.t, len(track.points) - 1)]),
                "other targets": len(matching.spurious),
            }

    def summary(self, rows: Sequence[Row]) -> list[Row]:
        """How many entries were found, and in how many focus was on the entering person."""
        count = {
            name: f"{sum(bool(row[name]) for row in rows)} of {len(rows)}" for name in ("found", "followed")
        }
        return [{"entry": "all", **count, "other targets": rows[0]["other targets"] if rows else 0}]


def _is_on(entry: FocusTarget, point: Float[np.ndarray, "2"]) -> bool:
    """Whether a point is in the box of the entering person."""
    assert entry.box is not None
    left, top, right, bottom = entry.box
    return bool(left <= point[0] <= right and top <= point[1] <= bottom)
