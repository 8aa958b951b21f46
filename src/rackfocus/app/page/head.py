"""The head of the page: view, background work, undo, files, and the dark or light theme."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import ui
from nicegui.events import UploadEventArguments

from rackfocus.app.page.messages import Messages
from rackfocus.app.page.viewer import VIEWS
from rackfocus.app.session.exports import EXPORTS
from rackfocus.app.session.session import Session

UPLOAD_BYTES = 8 * 2**20
"""Largest upload in bytes; larger than the annotation of several hours."""

EXPORT_WORDS = {
    "annotation": "Annotation (JSON)",
    "targets": "Focus targets (CSV)",
    "track": "Focus track for refocus (JSON)",
    "frames": "Focus of every frame (CSV)",
    "otio": "Markers (OpenTimelineIO)",
}


class Theme:
    """The theme that the user chose, dark or light; `None`: that of the browser."""

    dark: bool | None = None


class Head:
    """The head of one video's page. The name of the program links to `home`, if that is given; `do` executes
    the actions of buttons, `look_at` switches to another view.
    """

    def __init__(
        self,
        session: Session,
        messages: Messages,
        theme: Theme,
        *,
        home: str | None,
        do: Callable[[str], Awaitable[None]],
        look_at: Callable[[str], None],
    ) -> None:
        self._session, self._messages = session, messages
        video = session.video
        (ui.link("rackfocus", home) if home else ui.label("rackfocus")).classes("rf-brand")
        ui.label(session.name).classes("rf-name")
        ui.label(f"{video.width} × {video.height}, {video.fps:g} frames/s").classes("rf-quiet rf-spare")
        ui.element("div").classes("rf-grow")
        self._views: ui.toggle = ui.toggle(
            VIEWS, value="refocused", on_change=lambda change: look_at(change.value)
        ).props("no-caps unelevated dense padding='4px 10px'")
        ui.element("div").classes("rf-grow")
        self._progress = ui.label().classes("rf-quiet rf-progress")
        self._saved = ui.label().classes("rf-quiet")
        self._undo = icon_button("undo", "undo (Ctrl Z)").on_click(lambda: do("undo"))
        self._redo = icon_button("redo", "redo (Ctrl Shift Z)").on_click(lambda: do("redo"))
        self._files()
        dark_button(theme)
        icon_button("keyboard", "keyboard (?)").on_click(lambda: do("help"))

    def next_view(self) -> None:
        """Switch to the next view."""
        views = list(VIEWS)
        self._views.value = views[(views.index(str(self._views.value)) + 1) % len(views)]

    def refresh(self) -> None:
        """Display the background work, whether everything is saved, and what can be undone."""
        document = self._session.document
        working = self._session.progress.items()
        self._progress.text = ", ".join(f"{kind} {100 * done // total} %" for kind, (done, total) in working)
        self._saved.text = "saved" if document.saved else "not saved"
        self._undo.set_enabled(document.can_undo)
        self._redo.set_enabled(document.can_redo)

    def _files(self) -> None:
        """Add the menu of exports and imports."""
        with icon_button("folder_open", "files"), ui.menu().props("auto-close"):
            for kind in EXPORTS:
                ui.menu_item(
                    f"Export: {EXPORT_WORDS[kind]}", partial(self._messages.telling(self._export), kind)
                )
            ui.separator()
            ui.menu_item("Import targets …", lambda: self._ask("Import targets", self._session.load))
            compare = "Compare with another annotator"
            ui.menu_item(f"{compare} …", lambda: self._ask(compare, self._session.agreement, stays=True))

    async def _export(self, kind: str) -> None:
        made = await asyncio.to_thread(self._session.export, kind)
        ui.download.content(made.data, made.name, made.media_type)

    def _ask(self, words: str, take: Callable[[bytes, str], str], *, stays: bool = False) -> None:
        """Ask for a file, pass it to `take`, and display the message that it returns."""
        with ui.dialog(value=True) as dialog, ui.card().classes("rf-dialog"):
            ui.label(words).classes("rf-title")

            async def taken(event: UploadEventArguments) -> None:
                dialog.close()
                content = await event.file.read()
                told = await asyncio.to_thread(take, content, event.file.name)
                self._messages.say(told, stays=stays)

            def too_large() -> None:
                dialog.close()
                self._messages.say("This file is too large for an annotation.", bad=True)

            ui.upload(
                label="JSON or CSV",
                on_upload=lambda event: self._messages.telling(taken)(event), max_file_size=UPLOAD_BYTES,
                on_rejected=too_large,
                auto_upload=True,
            ).props('accept=".json,.csv" flat bordered')  # fmt: skip
            ui.button("Cancel", on_click=dialog.close).props("flat no-caps")
        dialog.on("hide", dialog.delete)


def dark_button(theme: Theme) -> None:
    """Add the button that switches between dark and light."""
    mode = ui.dark_mode(theme.dark)

    async def switch() -> None:
        dark = await ui.run_javascript("document.body.classList.contains('body--dark')")
        mode.value = theme.dark = not dark

    icon_button("contrast", "dark or light").on_click(switch)


def icon_button(icon: str, words: str) -> ui.button:
    """A button with an icon, and a description as tooltip and for screen readers."""
    return ui.button(icon=icon).props(f'flat round dense aria-label="{words}"').tooltip(words)
