"""Runs compiled code on parts of a picture in several Python threads; the code must release the GIL.

Numba's own threads are not used: they change the number of threads of torch's sums, so that a training
continued after an interruption would have other last digits in its validation than an uninterrupted one.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import cv2
import torch

BAND_HEIGHT = 32
"""Number of rows that a thread processes at a time."""

Item = TypeVar("Item")
Result = TypeVar("Result")
Band = tuple[int, int]
"""The first row, and the row after the last."""


def bands(height: int) -> list[Band]:
    """The rows of a picture in parts of `BAND_HEIGHT`; the last may have fewer rows."""
    return [(top, min(top + BAND_HEIGHT, height)) for top in range(0, height, BAND_HEIGHT)]


def run_bands(job: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Run a job for each item, in as many threads as torch has; results are in the order of the items.

    Args:
        job: faster with threads if it releases the GIL; must not depend on the order of the items.
        items: its arguments, such as `bands`.
    """
    threads = min(torch.get_num_threads(), len(items))
    if threads <= 1:
        return [job(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(job, items))


def limit_threads(threads: int) -> None:
    """Let OpenCV, torch and, where it is installed, Mitsuba compute with so many threads in this process."""
    cv2.setNumThreads(threads)
    torch.set_num_threads(threads)
    try:
        import drjit
    except ImportError:
        return
    drjit.set_thread_count(threads)
