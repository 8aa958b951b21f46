"""Background work lets a person go first: it waits while somebody waits for a picture."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

AWAITED, UNASKED = 5, 10
"""How far back work stands whose progress a person watches, and what nobody asked for yet."""
PATIENCE_S = 2.0
"""After this long it goes on all the same, so that it is never starved."""


def lower_priority(how_far: int) -> None:
    """This thread, and those that it starts, get the processor when nobody before them wants it."""
    if sys.platform == "linux":  # elsewhere a thread has no priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), how_far)


class PriorityGate:
    """Shared by all threads that work for one server."""

    def __init__(self) -> None:
        self._waiting = 0
        self._changed = threading.Condition()

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """Somebody waits for what is done within."""
        with self._changed:
            self._waiting += 1
        try:
            yield
        finally:
            with self._changed:
                self._waiting -= 1
                self._changed.notify_all()

    def wait_for_urgent(self) -> None:
        """Wait until nobody waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting == 0, PATIENCE_S)
