"""The frame with an overlay of focus targets and track, playback, and gestures on the frame (`viewer.js`)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import numpy as np
from jaxtyping import Float
from nicegui.element import Element

from rackfocus.app.session.session import Session
from rackfocus.app.session.track import Track

VIEWS = {"input": "Input", "refocused": "Refocused", "disparity": "Disparity", "side_by_side": "Side by side"}
"""The views of a frame, with their labels."""

AROUND = (2, 40)
"""For how many frames before and after the playhead the page receives revisions."""


class Viewer(Element, component="viewer.js"):
    """Displays one video. Emits `frame`, `pick` (a click or a box), `reshape` (of a target) and `action`."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        video = session.video
        self._session = session
        self._sent = np.full((video.frames, 7), np.nan)
        self._revisions: tuple[int, tuple[str, ...]] | None = None
        self.frame, self.playing, self.view = 0, False, "refocused"
        self._chosen, self._outlined = self.view, False
        times = session.times_s
        even = np.abs(times - np.arange(video.frames) / video.fps).max() < 0.5 / video.fps
        self._props.update(
            frames=video.frames,
            fps=video.fps,
            width=video.width,
            height=video.height,
            times=[] if even else times.round(4).tolist(),
            sound=f"/source/{quote(session.name)}" if session.has_sound else "",
            targets=[],
        )
        self.look_at(self.view)

    def look_at(self, view: str) -> None:
        """Switch to another view of the frames."""
        self._chosen = view
        self._show()

    def outline(self, outlined: bool) -> None:
        """Switch whether what is in focus is outlined in the refocused view."""
        self._outlined = outlined
        self._show()

    def at(self, frame: int, playing: bool) -> None:
        """Set the playhead, and send the page the current revisions of the images around it."""
        self.frame, self.playing = frame, playing
        self._session.look(frame, self.view)
        self.revise()

    def revise(self) -> None:
        """Notify the page of images around the playhead that changed."""
        before, after = AROUND
        first = max(0, self.frame - before)
        last = min(self._session.video.frames, self.frame + after)
        revisions = tuple(self._session.picture_rev(index, self.view) for index in range(first, last))
        if (first, revisions) != self._revisions:
            self._revisions = first, revisions
            self.run_method("revise", first, list(revisions))

    def _show(self) -> None:
        outlined = self._outlined and self._chosen == "refocused"
        self.view, self._revisions = "peaking" if outlined else self._chosen, None
        self._props["source"] = f"/frame/{quote(self._session.name)}/{{frame}}.jpg?view={self.view}"
        self._props["columns"] = 2 if self.view == "side_by_side" else 1
        self.update()

    def draw_targets(self, targets: Sequence[dict[str, Any]]) -> None:
        """Draw targets in their frames; keys: `key`, `t`, `x`, `y`, `box`, `strong`, `selected`."""
        if self._props["targets"] != targets:
            self._props["targets"] = list(targets)
            self.update()

    def draw_track(self, track: Track) -> None:
        """Draw the followed subject; only frames that changed are sent."""
        rows = np.column_stack([track.points, track.boxes, track.confidence]).round(2)
        changed = changes(self._sent, rows)
        if changed is not None:
            self._sent = rows
            self.run_method("follow", changed.start, [_row(row) for row in rows[changed].tolist()])


def changes(before: Float[np.ndarray, "frame ..."], after: Float[np.ndarray, "frame ..."]) -> slice | None:
    """The range from the first to the last frame that differs; NaN equals NaN. `None`: no frame differs."""
    same = (before == after) | (np.isnan(before) & np.isnan(after))
    differing = np.flatnonzero(~same.reshape(len(same), -1).all(axis=1))
    return slice(int(differing[0]), int(differing[-1]) + 1) if differing.size else None


def _row(row: list[float]) -> list[float | None] | None:
    """A frame of the track for JSON, which has no NaN; `None` if nothing is followed."""
    known = [None if value != value else value for value in row]
    return None if known[0] is None else known
