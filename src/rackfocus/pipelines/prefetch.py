"""Stages that overlap: what a stage gives next is made in a thread while the stage after it works."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")

_END = object()


def prefetch(items: Iterator[Item]) -> Generator[Item, None, None]:
    """Give the same items in the same order, and make the next one while one is used.

    Decoders, networks, kernels and encoders let go of Python while they work, so that a chain of stages
    joined by this keeps all cores busy. Each stage still works on one item at a time, in order: results do
    not change, and memory grows by one item a stage. Closed early, it waits for the item under way and
    closes `items`.

    Raises:
        Exception: what a stage raises, once the items before it are used.
    """
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
            coming = thread.submit(next, items, _END)
            while (item := coming.result()) is not _END:
                coming = thread.submit(next, items, _END)
                yield item  # type: ignore[misc]
    finally:
        if isinstance(items, Generator):
            items.close()
