"""Evaluation of real videos in which it was judged by eye when the subject changes, and where it is then."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np

from rackfocus.evaluation.autofocus.focus_table import FootageTable, Progress, Row, Value
from rackfocus.focus.boxes import inside
from rackfocus.focus.modes import Finder
from rackfocus.focus.trackers.tracker import Box
from rackfocus.metrics.focus import match_targets
from rackfocus.pipelines.focusing.autofocus import autofocus
from rackfocus.reading.damage import reading
from rackfocus.reading.tables import read_rows
from rackfocus.types import FocusTarget, FocusTrack, InputError
from rackfocus.video import open_video

SIDES = ("left", "top", "right", "bottom")
COLUMNS = ("video", "start_s", "end_s", "what", *SIDES)


@dataclass(frozen=True)
class Event:
    """What a video shows for a while.

    Attributes:
        video: name of the file.
        start_s, end_s: from the first frame; the end is excluded.
        what: in words.
        box: of the subject at the start, in pixels of the video, right and bottom included; `None`: there is
            nothing to focus on, as in the blur of a whip pan.
    """

    video: str
    start_s: float
    end_s: float
    what: str
    box: Box | None


@dataclass(frozen=True)
class Events(FootageTable):
    """One row for each event: the target that was found for it, and whether focus is on its subject.

    Attributes:
        folder: of the videos.
        events: a CSV file of the columns `COLUMNS`; no sides where there is nothing to focus on. The first
            event of a video is the subject at its beginning.
        autofocus: the method.
        within_s: how far a target may be from the beginning of an event.
    """

    folder: str
    events: str
    autofocus: Finder
    within_s: float = 0.5

    def rows(self, folder: Path, progress: Progress) -> Iterator[Row]:  # noqa: ARG002
        """The events video by video, in the order of the file; no pictures."""
        videos = {
            name: list(some) for name, some in groupby(read_events(self.events), lambda each: each.video)
        }
        for done, (name, events) in enumerate(videos.items()):
            path = Path(self.folder) / name
            with open_video(path) as opened:
                fps = float(opened.info.fps)
            track = autofocus(path, self.autofocus, **self.settings)
            yield from event_scores(track, events, fps=fps, within_s=self.within_s)
            progress(done + 1, len(videos))

    def summary(self, rows: Sequence[Row]) -> list[Row]:
        """How many events were found, in how many focus is on the subject, and the targets of no event."""
        subjects = [row for row in rows if "found" in row]
        count = {
            name: f"{sum(bool(row[name]) for row in subjects)} of {len(subjects)}"
            for name in ("found", "on it")
        }
        others = {str(row["video"]): int(row["others"]) for row in rows}
        in_blur = sum(int(row["in blur"]) for row in rows if "in blur" in row)
        return [{"video": "all", **count, "in blur": in_blur, "others": sum(others.values())}]


def read_events(path: str | Path) -> list[Event]:
    """The events of a CSV file, see `Events`; those of a video follow each other in time.

    Raises:
        InputError: the file cannot be read, or is not of this form.
    """
    path = Path(path)
    with reading(path, f"cannot be read as events ({', '.join(COLUMNS)}); correct it."):
        events = [
            Event(
                row["video"],
                float(row["start_s"]),
                float(row["end_s"]),
                row["what"],
                _box([row[side] for side in SIDES]),
            )
            for row in read_rows(path, COLUMNS)
        ]
    for one, other in pairwise(events):
        if one.video == other.video and not one.start_s < one.end_s <= other.start_s:
            raise InputError(f"{path}: events of {one.video} must follow each other; see {one.start_s:g} s.")
    return events


def event_scores(track: FocusTrack, events: Sequence[Event], *, fps: float, within_s: float) -> Iterator[Row]:
    """A row for each event of a video.

    Args:
        track: the resulting focus track.
        events: in the order of time.
        fps: frames a second.
        within_s: how far a target may be from the beginning of an event.

    Returns:
        `at s`: when it begins. Of a subject: `target s` and `Δt s`, the target that was found for it and how
        late that is; `found`: whether there is one; `on it`: whether the point in focus is in the subject's
        box at the beginning. The first subject has the first target. Where there is nothing to focus on: `in
        blur`, the number of targets there. `others`: the targets of the video that are of no event.
    """

    def frame(time_s: float) -> int:
        return round(time_s * fps)

    subjects = [each for each in events if each.box is not None]
    # Targets are compared by their time alone; where focus is then is `on it`.
    truth = [FocusTarget(frame(each.start_s), 0.0, 0.0) for each in subjects]
    matching = match_targets(track.targets, truth, tolerance_frames=frame(within_s))
    found = {each: 0 for each in subjects if frame(each.start_s) == 0}
    found |= {subjects[number]: track.targets[index].t for index, number in matching.pairs}
    for event in events:
        row: dict[str, Value] = {
            "video": event.video,
            "at s": event.start_s,
            "what": event.what,
            "others": len(matching.spurious),
        }
        if event.box is None:
            blurred = range(frame(event.start_s), frame(event.end_s))
            yield row | {"in blur": sum(target.t in blurred for target in track.targets)}
            continue
        at_s = found.get(event, math.nan) / fps
        point = track.points[min(frame(event.start_s), len(track.points) - 1)]
        yield row | {
            "target s": at_s,
            "Δt s": at_s - event.start_s,
            "found": event in found,
            "on it": inside(point, np.array(event.box)),
        }


def _box(sides: Sequence[str]) -> Box | None:
    if not any(sides):
        return None
    left, top, right, bottom = map(float, sides)
    return left, top, right, bottom
