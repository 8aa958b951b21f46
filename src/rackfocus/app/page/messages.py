"""Messages on the page: errors and important messages stay until they are dismissed, others disappear."""

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from nicegui import ui

from rackfocus.app.work.notices import error_text

SHOWN_S = 4.0
"""How many seconds a temporary message is shown."""

MOST = 4
"""The most messages shown at once; a further one replaces the oldest."""


class Messages:
    """A stack of messages over the frame."""

    def __init__(self) -> None:
        self._pile = ui.element("div").classes("rf-messages").props('aria-live="polite"')
        self._said: dict[str, ui.element] = {}
        self._passing: str | None = None

    def say(self, text: str, *, bad: bool = False, stays: bool = False) -> None:
        """Show a sentence, unless it is shown already; a temporary message replaces the previous one.

        An error (`bad`), and a message that `stays`, is shown until it is dismissed.
        """
        stays = stays or bad
        if text in self._said:
            return
        if not stays and self._passing is not None:
            self._forget(self._passing)
        while len(self._said) >= MOST:
            self._forget(next(iter(self._said)))
        kind, role = ("bad", "alert") if bad else ("staying" if stays else "passing", "status")
        with self._pile:
            message = ui.element("div").classes(f"rf-message {kind}").props(f'role="{role}"')
        with message:
            ui.label(text).classes("rf-words")
            if stays:
                ui.button(icon="close", on_click=lambda: self._forget(text)).props(
                    'flat round dense size=sm aria-label="put away"'
                )
            else:
                ui.timer(SHOWN_S, lambda: self._forget(text), once=True)
        self._said[text] = message
        if not stays:
            self._passing = text

    def telling(self, do: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
        """Wrap a function so that its errors become messages; it returns `None` then."""

        async def told(*arguments: Any) -> Any:
            try:
                result = do(*arguments)
                return await result if isawaitable(result) else result
            except Exception as error:
                self.say(error_text(error), bad=True)
                return None

        return told

    def _forget(self, text: str) -> None:
        message = self._said.pop(text, None)
        if message is not None and not message.is_deleted:
            message.delete()
