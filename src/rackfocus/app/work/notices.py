"""Messages of background work for the user."""

import logging
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

from rackfocus.types import InputError

MOST = 200

_FOLDERS = re.compile(r"(?<![\w/:.~<])/(?=[^\s/])(?:[^\s/'\"]+/)*")
_log = logging.getLogger(__name__)


def error_text(error: Exception) -> str:
    """The message of an error, as a sentence without folders; all but `InputError` are also logged with their
    traceback.
    """
    if isinstance(error, InputError):
        return without_folders(str(error))
    _log.error("This should not have failed.", exc_info=error)
    told = f"It failed, and should not have: {error!r}; where `rackfocus annotate` runs, it says more."
    return without_folders(told)


def without_folders(text: str) -> str:
    """A text with the last names of absolute paths only: pages do not tell where files lie."""
    return _FOLDERS.sub("", text)


@dataclass(frozen=True)
class Notice:
    """A message of one or two sentences: its number, from 1; its kind, `info`, `warning` or `error`; its
    text.
    """

    number: int
    kind: str
    text: str


class Notices:
    """The last `MOST` messages. A message equal to the previous one is not added; `changed` is called after
    others.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._all: tuple[Notice, ...] = ()
        self._lock = threading.Lock()

    @property
    def all(self) -> tuple[Notice, ...]:
        return self._all

    def tell(self, text: str, kind: str = "warning") -> None:
        """Add a message, without folders."""
        text = without_folders(text)
        with self._lock:
            if self._all and self._all[-1].text == text:
                return
            number = self._all[-1].number + 1 if self._all else 1
            self._all = (*self._all[-MOST + 1 :], Notice(number, kind, text))
        self._changed()
