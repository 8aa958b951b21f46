"""The queue of a folder's videos: their states, the annotator, and the next video."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from nicegui import ui
from nicegui.element import Element

from rackfocus.app.page.head import icon_button
from rackfocus.app.page.messages import Messages
from rackfocus.app.server.queue import TO_DO, Item
from rackfocus.app.server.workspace import Workspace
from rackfocus.types import InputError

POLL_S = 2.0
"""Seconds between checks of the queue for changes by others."""

ICONS = {"to do": "radio_button_unchecked", "done": "check_circle", "skipped": "remove_circle_outline"}


class QueueList(Element, component="queue_list.js"):
    """The list of videos as a single element."""

    def __init__(self) -> None:
        super().__init__()
        self._props["items"] = []

    def show(self, entries: Sequence[dict[str, Any]]) -> None:
        """Display entries with the keys `name`, `address`, `picture`, `state`, `icon`, `facts`,
        `current`.
        """
        self._props["items"] = list(entries)
        self.update()


class QueueView:
    """A list with links to the videos of a folder, and buttons that mark the open one (`current`), if there
    is one, as done or skipped.
    """

    def __init__(self, workspace: Workspace, messages: Messages, current: str | None = None) -> None:
        self._workspace, self._messages, self._current = workspace, messages, current
        with ui.element("div").classes("rf-row-of"):
            ui.label("Videos").classes("rf-title")
            self._count = ui.label().classes("rf-quiet rf-grow")
            ui.button(icon="refresh", on_click=messages.telling(self._look_again)).props(
                'flat round dense size=sm aria-label="look again for videos"'
            ).tooltip("look again for videos")
        self._annotator: ui.input = ui.input(
            "Annotator", value=workspace.queue.annotator, on_change=messages.telling(self._sign)
        ).props("dense outlined debounce=400")
        self._list = QueueList()
        if current is not None:
            with ui.element("div").classes("rf-row-of"):
                ui.button("Done, next", icon="check", on_click=messages.telling(self._done)).props(
                    "unelevated no-caps dense padding='5px 10px'"
                )
                ui.button("Skip …", on_click=self._skip).props("flat no-caps dense padding='5px 8px'")
                self._again = icon_button("undo", "this video is to do again")
                self._again.on_click(messages.telling(lambda: workspace.queue.mark(current, TO_DO)))
        self._told = 0
        self._shown: tuple[Item, ...] | None = None
        self.refresh()
        ui.timer(POLL_S, self.refresh)

    def refresh(self) -> None:
        """Display the current state of the queue."""
        for notice in self._workspace.notices:
            if notice.number > self._told:
                self._told = notice.number
                self._messages.say(notice.text, bad=notice.kind != "info")
        if (self._annotator.value or "").strip() != self._workspace.queue.annotator:
            self._annotator.value = self._workspace.queue.annotator
        items = self._workspace.items
        if items == self._shown:
            return
        self._shown = items
        if self._current is not None:
            self._again.set_visibility(
                any(item.video == self._current and item.state != TO_DO for item in items)
            )
        self._count.text = f"{sum(item.state != 'to do' for item in items)} of {len(items)}"
        self._list.show([self._entry(item) for item in items])

    def _entry(self, item: Item) -> dict[str, Any]:
        return {
            "name": item.video,
            "address": f"/video/{quote(item.video)}",
            "picture": "" if item.vanished else f"/thumbnail/{quote(item.video)}.jpg",
            "state": item.state,
            "icon": ICONS[item.state],
            "facts": ", ".join(self._facts(item)),
            "current": item.video == self._current,
        }

    def _facts(self, item: Item) -> list[str]:
        facts = ["vanished" if item.vanished else item.state]
        if item.reason:
            facts.append(item.reason)
        if item.targets is not None:
            facts.append(f"{item.targets} target{'s' if item.targets != 1 else ''}")
        if item.seconds >= 1:
            minutes, seconds = divmod(round(item.seconds), 60)
            facts.append(f"{minutes}:{seconds:02} min")
        if item.annotator:
            facts.append(item.annotator)
        return facts

    def _sign(self) -> None:
        self._workspace.queue.sign(self._annotator.value or "")

    def _look_again(self) -> None:
        for sentence in self._workspace.queue.refresh():
            self._messages.say(sentence)
        self.refresh()

    def _done(self) -> None:
        self._mark("done")

    def _skip(self) -> None:
        with ui.dialog(value=True) as dialog, ui.card().classes("rf-dialog"):
            ui.label("Skip this video").classes("rf-title")
            reason = ui.input("Reason", placeholder="such as: nothing to focus on").props(
                "outlined dense autofocus"
            )

            async def skip() -> None:
                if not (reason.value or "").strip():
                    reason.props('error error-message="Say why."')
                    return
                dialog.close()
                await self._messages.telling(lambda: self._mark("skipped", reason.value or ""))()

            reason.on("keydown.enter", skip)
            with ui.element("div").classes("rf-row-of"):
                ui.button("Skip", on_click=skip).props("unelevated no-caps")
                ui.button("Cancel", on_click=dialog.close).props("flat no-caps")
        dialog.on("hide", dialog.delete)

    def _mark(self, state: str, reason: str = "") -> None:
        if self._current is None:
            raise InputError("No video is open; open one from the list.")
        queue = self._workspace.queue
        queue.mark(self._current, state, reason)
        following = queue.following(self._current)
        self.refresh()
        if following is None:
            self._messages.say("This was the last one: every video is done or skipped.")
        else:
            ui.navigate.to(f"/video/{quote(following)}")
