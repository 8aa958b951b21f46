"""What the page tells a person: what went wrong or is to be read stays until put away, the rest passes."""

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from nicegui import ui

from rackfocus.app.work.notices import error_text

SHOWN_S = 4.0
"""How long a message that passes is there."""

MOST = 4
"""How many are shown at once; the oldest goes."""


class Messages:
    """A pile of messages over the frame."""

    def __init__(self) -> None:
        self._pile = ui.element("div").classes("rf-messages").props('aria-live="polite"')
        self._said: dict[str, ui.element] = {}
        self._passing: str | None = None

    def say(self, text: str, *, bad: bool = False, stays: bool = False) -> None:
        """Show a sentence; not twice at a time, and only the last one of those that pass.

        Args:
            text: the sentence.
            bad: whether something went wrong; that stays, too.
            stays: whether it is there until it is put away.
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
        """The same, but what goes wrong becomes a message; None is returned then."""

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
