"""Priorities of background work: it waits while a user's request is processed."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

AWAITED, UNASKED = 5, 10
"""Niceness of work whose progress the user watches, and of work that nobody has requested yet."""
PATIENCE_S = 2.0
"""The longest wait in seconds, after which background work continues, so that it always progresses."""


def lower_priority(how_far: int) -> None:
    """Lower the scheduling priority of this thread and of the threads that it starts."""
    if sys.platform == "linux":  # elsewhere a thread has no priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), how_far)


class PriorityGate:
    """Lets background threads wait for urgent requests; shared by all threads of a server."""

    def __init__(self) -> None:
        self._waiting = 0
        self._changed = threading.Condition()

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """Mark the work in this context as urgent."""
        with self._changed:
            self._waiting += 1
        try:
            yield
        finally:
            with self._changed:
                self._waiting -= 1
                self._changed.notify_all()

    def wait_for_urgent(self) -> None:
        """Wait until no urgent work is left, at most `PATIENCE_S`."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting == 0, PATIENCE_S)
