"""A cache of limited size in bytes, from which the least recently used values are removed first."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BoundedCache(Generic[Key, Value]):
    """A least-recently-used cache of at most `bytes_most` bytes in all. Thread-safe."""

    def __init__(self, bytes_most: int, size_of: Callable[[Value], int]) -> None:
        self.bytes_most = bytes_most
        self.bytes = 0
        self._size_of = size_of
        self._held: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, key: Key) -> bool:
        return key in self._held

    def get(self, key: Key) -> Value | None:
        """The value of a key, now the most recently used; `None`: there is none."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: Key, value: Value) -> list[tuple[Key, Value]]:
        """Store a value; returns the entries that were removed to make room."""
        gone: list[tuple[Key, Value]] = []
        with self._lock:
            before = self._held.pop(key, None)
            self.bytes += self._size_of(value) - (self._size_of(before) if before is not None else 0)
            self._held[key] = value
            while self.bytes > self.bytes_most and len(self._held) > 1:
                gone.append(self._held.popitem(last=False))
                self.bytes -= self._size_of(gone[-1][1])
        return gone

    def clear(self) -> None:
        """Remove all values."""
        with self._lock:
            self._held.clear()
            self.bytes = 0
