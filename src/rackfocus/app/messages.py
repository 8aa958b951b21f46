"""What the page tells a person: it went wrong, which stays until it is put away, or it is done."""

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from nicegui import ui

from rackfocus.app.notices import in_words

SHOWN_S = 4.0
"""How long a message of what went well stays."""

MOST = 4
"""How many are shown at once; the oldest goes."""


class Messages:
    """A pile of messages over the frame."""

    def __init__(self) -> None:
        self._pile = ui.element("div").classes("rf-messages").props('aria-live="polite"')
        self._said: dict[str, ui.element] = {}
        self._passing: str | None = None

    def say(self, text: str, *, bad: bool = False) -> None:
        """Show a sentence; not twice at a time, and only the last one of what went well."""
        if text in self._said:
            return
        if not bad and self._passing is not None:
            self._forget(self._passing)
        while len(self._said) >= MOST:
            self._forget(next(iter(self._said)))
        kind, role = ("bad", "alert") if bad else ("good", "status")
        with self._pile:
            message = ui.element("div").classes(f"rf-message {kind}").props(f'role="{role}"')
        with message:
            ui.label(text).classes("rf-words")
            if bad:
                ui.button(icon="close", on_click=lambda: self._forget(text)).props(
                    'flat round dense size=sm aria-label="put away"'
                )
            else:
                ui.timer(SHOWN_S, lambda: self._forget(text), once=True)
        self._said[text] = message
        if not bad:
            self._passing = text

    def telling(self, do: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
        """The same, but what goes wrong becomes a message; None is returned then."""

        async def told(*arguments: Any) -> Any:
            try:
                result = do(*arguments)
                return await result if isawaitable(result) else result
            except Exception as error:
                self.say(in_words(error), bad=True)
                return None

        return told

    def _forget(self, text: str) -> None:
        message = self._said.pop(text, None)
        if message is not None and not message.is_deleted:
            message.delete()
