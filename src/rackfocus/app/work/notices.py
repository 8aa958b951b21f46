"""What a person is to be told, and was not asked for."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from rackfocus.types import InputError

MOST = 200

_log = logging.getLogger(__name__)


def error_text(error: Exception) -> str:
    """What went wrong, as a sentence; of what is no mistake of a person the log tells more."""
    if isinstance(error, InputError):
        return str(error)
    _log.error("This should not have failed.", exc_info=error)
    return f"It failed, and should not have: {error!r}; where `rackfocus annotate` runs, it says more."


@dataclass(frozen=True)
class Notice:
    """One sentence or two.

    Attributes:
        number: counts them, from 1.
        kind: `info`, `warning` or `error`.
        text: what to tell.
    """

    number: int
    kind: str
    text: str


class Notices:
    """Grows; only the last `MOST` are kept. The same one is not told twice in a row.

    Args:
        changed: called after each.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._all: tuple[Notice, ...] = ()
        self._lock = threading.Lock()

    @property
    def all(self) -> tuple[Notice, ...]:
        return self._all

    def tell(self, text: str, kind: str = "warning") -> None:
        """Add one."""
        with self._lock:
            if self._all and self._all[-1].text == text:
                return
            number = self._all[-1].number + 1 if self._all else 1
            self._all = (*self._all[-MOST + 1 :], Notice(number, kind, text))
        self._changed()
