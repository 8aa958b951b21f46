"""Parts of a picture shared out to threads of Python, for compiled code that does not hold its lock.

Numba's own threads are not used: they change how many torch sums with, so that a training which goes on after
a stop would validate to other last digits than one that was not stopped.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

BAND_HEIGHT = 32
"""Rows that a thread does at a time."""

Item = TypeVar("Item")
Result = TypeVar("Result")
Band = tuple[int, int]
"""The first of some rows, and the row after the last."""


def bands(height: int) -> list[Band]:
    """The rows of a picture in parts of `BAND_HEIGHT`; the last may have fewer."""
    return [(top, min(top + BAND_HEIGHT, height)) for top in range(0, height, BAND_HEIGHT)]


def share_out(job: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Do a job with each item, as many at once as torch has threads; results in the order of the items.

    Args:
        job: gains by threads if it releases the lock; must not depend on which items are done before.
        items: what it is done with, such as `bands`.
    """
    threads = min(torch.get_num_threads(), len(items))
    if threads <= 1:
        return [job(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(job, items))
