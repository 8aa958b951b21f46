"""The time line: focal disparity, targets, pulls, cuts, sound, and lanes for other data (`timeline.js`)."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from nicegui.element import Element

from rackfocus.app.page.viewer import changes
from rackfocus.app.session.session import Session
from rackfocus.app.session.track import Track
from rackfocus.types import FocusTarget

Bar = tuple[int, int, str]
"""First and last frame, and the source that determines the colour."""


class Timeline(Element, component="timeline.js"):
    """The time line of one video. Emits the events `select` and `move` of a target."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._sent = np.full(session.video.frames, np.nan)
        self._props.update(
            frames=session.video.frames,
            fps=session.video.fps,
            targets=[], pulls=[], lanes=[], cuts=[], ready=[], waveform=[],
        )  # fmt: skip

    def draw_targets(self, targets: Sequence[dict[str, Any]]) -> None:
        """Draw targets as diamonds; keys: `key`, `t`, `source`, `strong`, `selected`, `counting`, `words`."""
        self._set("targets", list(targets))
        self._set("lanes", self._lanes(self._session.track))

    def draw_track(self, track: Track) -> None:
        """Draw the focal disparity, where it is known."""
        curve = track.focal_disparity.round(3)
        changed = changes(self._sent, curve)
        if changed is not None:
            self._sent = curve
            values = [None if value != value else value for value in curve[changed].tolist()]
            self.run_method("follow", changed.start, values)
        self._set("pulls", [list(map(int, pull)) for pull in track.pulls])
        self._set("ready", [list(run) for run in runs(np.isfinite(curve))])
        self._set("lanes", self._lanes(track))

    def draw_shots(self) -> None:
        """Draw the cuts that are known so far."""
        self._set("cuts", list(map(int, self._session.cuts)))

    def draw_sound(self) -> None:
        """Draw the loudness of the video, scaled so that its maximum has full height."""
        wave = self._session.waveform
        if wave is not None and len(wave.high):
            loud = np.maximum(np.abs(wave.low), np.abs(wave.high))
            self._set("waveform", (loud / max(float(loud.max()), 1e-3)).round(3).tolist())

    def _lanes(self, track: Track) -> list[dict[str, Any]]:
        """The lanes: what is tracked, and the targets of each automatic source."""
        tracked = [(span.start, span.done - 1, span.key[1]) for span in track.spans if span.done > span.start]
        targets = self._session.document.annotation.targets
        sources = sorted({target.source for target in targets} - {"user"})
        said = {
            source: list(bars([target for target in targets if target.source == source], self._sent.size))
            for source in sources
        }
        return [
            {"name": name, "bars": [list(bar) for bar in found]}
            for name, found in ({"tracked": tracked} | said).items()
        ]

    def _set(self, name: str, value: Any) -> None:
        """Send a property to the browser if it changed."""
        if self._props[name] != value:
            self._props[name] = value
            self.update()


def bars(targets: Sequence[FocusTarget], frames: int) -> Iterable[Bar]:
    """The first and last frame in which each target of a source is active, considering this source alone."""
    for target, after in zip(targets, [*targets[1:], None], strict=True):
        end = min(frames, after.t if after else frames, target.until or frames)
        yield target.t, end - 1, target.source


def runs(which: np.ndarray) -> Iterable[tuple[int, int]]:
    """The first and last index of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], which, [False]]).astype(np.int8)))
    return ((int(first), int(end) - 1) for first, end in edges.reshape(-1, 2))
