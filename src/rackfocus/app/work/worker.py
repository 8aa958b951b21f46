"""A thread of background work, which sleeps while there is nothing to do."""

import threading
from collections.abc import Callable
from typing import TypeVar

from rackfocus.app.work.priority import UNASKED, lower_priority

Task = TypeVar("Task")


class Worker:
    """Does `_work` in one thread of a lower priority, until it is closed."""

    def __init__(self, name: str, priority: int = UNASKED) -> None:
        self._priority = priority
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def poke(self) -> None:
        """Let the thread, and all that wait for it, look again."""
        with self._changed:
            self._changed.notify_all()

    def stop(self) -> None:
        """Let the thread end after what it is doing; does not wait for that."""
        self._closed = True
        self.poke()

    def close(self) -> None:
        """Stop the thread, and wait for its end."""
        self.stop()
        self._thread.join()

    def _next(self, choose: Callable[[], Task | None]) -> Task | None:
        """What is to be done next, as soon as there is something. `None`: the worker is closed."""
        with self._changed:
            while not self._closed:
                task = choose()
                if task is not None:
                    return task
                self._changed.wait()
        return None

    def _run(self) -> None:
        lower_priority(self._priority)
        self._work()

    def _work(self) -> None:
        raise NotImplementedError
