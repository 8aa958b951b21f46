"""What all tables about autofocus are: rows that come one after the other, and what they come to."""

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from rackfocus.whole_files import whole_file

PAPER_FPS = 30.0
"""The paper counts |Δt| in frames of videos of this rate."""
LEFT_OUT = "left out"
"""The column that tells why a data set is not in the table; its row has only the `set` beside."""

Value = str | int | float | bool
Row = Mapping[str, Value]
"""A row by the names of its columns; NaN where there is nothing to tell."""
Progress = Callable[[int, int], None]


class FocusTable(Protocol):
    """A table that `rackfocus evaluate table=...` makes."""

    def rows(self, folder: Path, progress: Progress) -> Iterator[Row]:
        """Evaluate video by video.

        Args:
            folder: where pictures go.
            progress: called with steps done and steps in all, such as videos.
        """
        ...

    def summary(self, rows: Sequence[Row]) -> list[Row]:
        """What the rows come to, in the same columns."""
        ...


def mean(rows: Sequence[Row], column: str) -> float:
    """Of the numbers that there are; NaN where there is none."""
    values = [float(row[column]) for row in rows if column in row]
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def write_rows(rows: Sequence[Row], path: Path) -> None:
    """Write a table as CSV; what is not a number stays empty."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with whole_file(path) as draft, draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({column: told(value) for column, value in row.items()} for row in rows)


def told(value: Value) -> str:
    """A value as a person reads it."""
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.3f}".rstrip("0").rstrip(".")
    return str(value)
