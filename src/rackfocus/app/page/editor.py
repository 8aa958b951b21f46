"""The editor of one video: applies gestures and keys to its session, and displays the changes."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from nicegui import ui
from nicegui.events import GenericEventArguments

from rackfocus.app.page.head import Head
from rackfocus.app.page.messages import Messages
from rackfocus.app.page.panel import STOPS, Panel, nearest_stop
from rackfocus.app.page.shortcuts import Shortcuts, shortcut_list
from rackfocus.app.page.timeline import Timeline
from rackfocus.app.page.viewer import Viewer
from rackfocus.app.session.document import Key, key_of
from rackfocus.app.session.session import Session
from rackfocus.types import FocusTarget, InputError

POLL_S = 0.05
"""Seconds between checks of the session for changes."""

SPENT_S, IDLE_S = 5.0, 30.0
"""Seconds between records of the working time, and seconds without a gesture after which none is counted."""

KINDS = ("document", "track", "picture", "cuts", "waveform", "jobs", "progress", "notices")
"""The kinds of changes that a session counts."""

NUDGE = 0.01
"""Distance by which a key moves a target, as a fraction of the video's width."""


class Editor:
    """A session's editor in one browser tab; other tabs may share the session. Its constructor adds the
    frame; `build_*` add the other parts.
    """

    def __init__(self, session: Session, messages: Messages) -> None:
        self.session, self._messages = session, messages
        self._chosen: Key | None = None
        self._moved: dict[str, Key] = {}
        self._seen: dict[str, int] = {}
        self._told = 0
        self._acted = time.monotonic()
        self.viewer = Viewer(session)
        self.viewer.on("frame", self._on_frame, throttle=0.05)
        self.viewer.on("pick", self._acting(self._on_pick))
        self.viewer.on("reshape", self._acting(self._on_reshape))
        self.viewer.on("action", self._on_action)
        self.head: Head

    def build_timeline(self) -> None:
        """Add the time line."""
        self.timeline = Timeline(self.session)
        self.timeline.on("select", self._acting(self._on_select))
        self.timeline.on("move", self._acting(self._on_move))

    def build_panel(self) -> None:
        """Add settings and jobs, the last part, and start the regular updates."""
        self.panel = Panel(self.session, self._messages, self.do, self._outline)
        self._help = shortcut_list()
        Shortcuts()
        ui.timer(POLL_S, self.refresh)
        ui.timer(SPENT_S, self._spend)

    # Display.

    @property
    def selected(self) -> FocusTarget | None:
        """The target at the playhead: the one clicked last, otherwise a user's, otherwise any."""
        here = [target for target in self._targets() if target.t == self.viewer.frame]
        ranks = {self._chosen: 0, (self.viewer.frame, "user"): 1}
        return min(here, key=lambda target: ranks.get(key_of(target), 2), default=None)

    def refresh(self) -> None:
        """Display everything that changed since the last call."""
        now = self.session.versions
        moved = {kind for kind in KINDS if now.get(kind, 0) != self._seen.get(kind)}
        self._seen = {kind: now.get(kind, 0) for kind in KINDS}
        if moved & {"document", "track"}:
            self._draw_targets()
        if "track" in moved:
            track = self.session.track
            self.viewer.draw_track(track)
            self.timeline.draw_track(track)
        if moved & {"document", "track", "picture"}:
            self.viewer.revise()
        if "cuts" in moved:
            self.timeline.draw_shots()
        if "waveform" in moved:
            self.timeline.draw_sound()
        if moved & {"document", "jobs"}:
            self.panel.refresh()
        if moved & {"document", "track", "progress"}:
            self.head.refresh()
        if "notices" in moved:
            self._tell()

    def _draw_targets(self) -> None:
        selected, counting = self.selected, self.session.track.counting
        targets = [
            {
                "key": _name(key_of(target)),
                "t": target.t,
                "x": target.x,
                "y": target.y,
                "box": list(target.box) if target.box else None,
                "source": target.source,
                "strong": target.source == "user",
                "selected": target is selected,
                "counting": target.source == "user" or key_of(target) in counting,
                "words": f"{target.source}, frame {target.t}" + (f": {target.why}" if target.why else ""),
            }
            for target in self._targets()
        ]
        self.viewer.draw_targets(targets)
        self.timeline.draw_targets(targets)
        self.panel.show_target(selected)
        self.panel.show_f_number(self.viewer.frame)

    def _tell(self) -> None:
        for notice in self.session.notices:
            if notice.number > self._told:
                self._told = notice.number
                self._messages.say(notice.text, bad=notice.kind != "info")

    # User actions.

    async def do(self, action: str) -> None:
        """Execute the action of a key or a button."""
        self._acted = time.monotonic()
        actions: dict[str, Callable[[], object]] = {
            "new": self._new,
            "delete": lambda: self._with_selected(self.session.document.delete),
            "accept": self._accept,
            "reject": self._reject,
            "end": self._end,
            "earlier": lambda: self._with_selected(lambda key: self._move(key, key[0] - 1)),
            "later": lambda: self._with_selected(lambda key: self._move(key, key[0] + 1)),
            "nudge-left": lambda: self._nudge(-1, 0),
            "nudge-right": lambda: self._nudge(1, 0),
            "nudge-up": lambda: self._nudge(0, -1),
            "nudge-down": lambda: self._nudge(0, 1),
            "wider": lambda: self._aperture(-1),
            "narrower": lambda: self._aperture(1),
            "view": self.head.next_view,
            "outline": lambda: self.panel.outlined.set_value(not self.panel.outlined.value),
            "undo": lambda: self._undone("Undone", self.session.document.undo()),
            "redo": lambda: self._undone("Done again", self.session.document.redo()),
            "help": self._help.open,
        }
        if action in actions:
            await self._messages.telling(actions[action])()
            self.refresh()

    def look_at(self, view: str) -> None:
        """Switch to another view of the frames."""
        self.viewer.look_at(view)
        self.viewer.at(self.viewer.frame, self.viewer.playing)

    def _outline(self, outlined: bool) -> None:
        """Switch the outline of what is in focus."""
        self.viewer.outline(outlined)
        self.viewer.at(self.viewer.frame, self.viewer.playing)

    def _acting(self, handle: Callable[[dict[str, Any]], None]) -> Callable[[GenericEventArguments], Any]:
        """Wrap the handler of a gesture: count working time, display errors, and refresh at once."""

        async def acted(event: GenericEventArguments) -> None:
            self._acted = time.monotonic()
            await self._messages.telling(handle)(event.args)
            self.refresh()

        return acted

    def _on_frame(self, event: GenericEventArguments) -> None:
        self._acted = time.monotonic()
        self.viewer.at(event.args["frame"], event.args["playing"])
        self._draw_targets()

    async def _on_action(self, event: GenericEventArguments) -> None:
        key = self._found(event.args["key"])
        if key is not None:
            self._chosen, event.args["frame"] = key, key[0]
        self._on_frame(event)
        await self.do(event.args["action"])

    def _on_pick(self, at: dict[str, Any]) -> None:
        box = tuple(at["box"]) if at["box"] else None
        self._chosen = self.session.gestures.add(at["frame"], at["x"], at["y"], box)

    def _on_reshape(self, given: dict[str, Any]) -> None:
        left, top, right, bottom = box = tuple(given["box"])
        self.session.gestures.reshape(self._key_of(given), (left + right) / 2, (top + bottom) / 2, box)

    def _on_select(self, given: dict[str, Any]) -> None:
        self._chosen = self._key_of(given)
        self._draw_targets()

    def _on_move(self, given: dict[str, Any]) -> None:
        self._move(self._key_of(given), given["t"])

    def _move(self, key: Key, t: int) -> None:
        if 0 <= t < self.session.video.frames:
            self._chosen = self._moved[_name(key)] = self.session.gestures.move(key, t)
            self.viewer.run_method("along", key[0], t, _name(self._chosen))

    def _new(self) -> None:
        """Add a target at the current focus point, or in the middle of the frame if that is not known."""
        frame, track = self.viewer.frame, self.session.track
        known = bool(np.isfinite(track.points[frame]).all())
        x, y = track.points[frame] if known else (self.session.video.width / 2, self.session.video.height / 2)
        box = tuple(track.boxes[frame].tolist()) if np.isfinite(track.boxes[frame]).all() else None
        self._chosen = self.session.gestures.add(frame, float(x), float(y), box)

    def _accept(self) -> None:
        def accept(key: Key) -> None:
            self._chosen = self.session.document.accept(key)

        self._with_selected(accept)

    def _reject(self) -> None:
        def reject(key: Key) -> None:
            if key[1] == "user":
                raise InputError("This target is yours, and no suggestion; delete it instead.")
            self.session.document.reject(key)

        self._with_selected(reject)

    def _end(self) -> None:
        """End the active target at the playhead; if it already ends there, remove its end."""
        frame = self.viewer.frame
        spans = [
            span
            for span in self.session.track.spans
            if span.key[0] < frame and span.start < frame <= span.end
        ]
        if not spans:
            raise InputError(
                "No target counts before this frame; go to the frame where its subject is to be left."
            )
        target = self.session.document.target(spans[-1].key)
        self.session.document.end(spans[-1].key, None if target.until == frame else frame)

    def _nudge(self, right: int, down: int) -> None:
        def nudge(key: Key) -> None:
            target, video = self.session.document.target(key), self.session.video
            step = max(1.0, NUDGE * video.width)
            left, top, end, bottom = target.box or (target.x, target.y, target.x, target.y)
            dx = min(max(right * step, -left), video.width - 1 - end)
            dy = min(max(down * step, -top), video.height - 1 - bottom)
            box = (left + dx, top + dy, end + dx, bottom + dy) if target.box else None
            self.session.gestures.reshape(key, target.x + dx, target.y + dy, box)

        self._with_selected(nudge)

    def _aperture(self, steps: int) -> None:
        document = self.session.document
        if document.automatic:
            raise InputError("The f-number is automatic; switch that off to set it by hand.")
        stop = nearest_stop(document.f_number) + steps
        document.set_f_number(STOPS[min(max(stop, 0), len(STOPS) - 1)])

    def _undone(self, words: str, what: str | None) -> None:
        self._messages.say(f"{words}: {what}." if what else "There is nothing more to undo or redo.")

    def _with_selected(self, do: Callable[[Key], object]) -> None:
        target = self.selected
        if target is None:
            raise InputError(
                "No target is at this frame; go to one with the arrows up and down, or click on a diamond."
            )
        do(key_of(target))

    def _targets(self) -> tuple[FocusTarget, ...]:
        return self.session.document.annotation.targets

    def _key_of(self, given: dict[str, Any]) -> Key:
        """The key of the target named in an event; another tab may have deleted it."""
        key = self._found(given["key"])
        if key is None:
            raise InputError("This target is no longer there.")
        return key

    def _found(self, name: str | None) -> Key | None:
        """The key of a target by its current or an earlier name: the page may not know yet that it moved."""
        keys = {_name(key): key for key in map(key_of, self._targets())}
        for _ in range(len(self._moved) + 1):
            if name is None or name in keys:
                break
            name = _name(self._moved[name]) if name in self._moved else None
        return keys.get(name) if name is not None else None

    def _spend(self) -> None:
        if time.monotonic() - self._acted < IDLE_S:
            self.session.spend(SPENT_S)


def _name(key: Key) -> str:
    """The name of a target in the page."""
    return f"{key[0]}-{key[1]}"
