"""Runs stages of a pipeline in parallel: a thread prepares the next item while the current one is used."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")

_END = object()


def prefetch(items: Iterator[Item]) -> Generator[Item, None, None]:
    """Yield the same items in the same order, preparing the next one in a thread while one is used.

    Decoders, networks, kernels and encoders release Python's global lock while they work, so that a chain of
    stages connected by this uses all cores. Each stage still processes one item at a time, in order: results
    do not change, and memory grows by one item per stage. If closed early, it waits for the item in progress
    and closes `items`.

    Raises:
        Exception: what `items` raises, after the items before it.
    """
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
            coming = thread.submit(next, items, _END)
            while (item := coming.result()) is not _END:
                coming = thread.submit(next, items, _END)
                yield item  # type: ignore[misc]
                del item  # its memory, while the next one is made
    finally:
        if isinstance(items, Generator):
            items.close()
