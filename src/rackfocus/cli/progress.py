"""Progress bars with the remaining time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import rich.progress
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Progress = Callable[[int, int | None], None]
"""A function to call with `(done, total)`; the total is `None` if it is unknown."""


@contextmanager
def progress_bar(what: str, unit: str) -> Iterator[Progress]:
    """A progress bar for the duration of the block; it yields a function to call with `(done, total)`.

    The bar appears with the first call, so that an error before it is printed without a bar.
    """
    bar = rich.progress.Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        TextColumn("elapsed,"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    task = bar.add_task(what, total=None)

    def update(done: int, total: int | None) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield update
    finally:
        if bar.live.is_started:
            bar.stop()
