"""Work on the rows of a picture that threads of Python share out.

Numba's own threads would change how many torch sums with: a training that goes on after a stop would validate
to other last digits than one that was not stopped.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch


def share_rows(work: Callable[[int, int], None], rows: int) -> None:
    """Call `work(first, end)` for consecutive ranges of `0..rows`, as many at once as torch has threads.

    Args:
        work: what is done with the rows `first <= row < end`; it gains by threads if it releases the lock.
        rows: how many there are.
    """
    threads = torch.get_num_threads()
    ends = np.linspace(0, rows, threads + 1).round().astype(int)
    if threads == 1:
        work(0, rows)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, ends[:-1], ends[1:]))
