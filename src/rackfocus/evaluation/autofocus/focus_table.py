"""The interface of tables about autofocus: rows computed one by one, and their summary."""

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rackfocus.device import AUTO
from rackfocus.whole_files import whole_file

PAPER_FPS = 30.0
"""Frame rate of the paper's videos, in whose frames |Δt| is given."""
LEFT_OUT = "left out"
"""The column with the reason why a data set is missing; the only other column of its row is `set`."""

Value = str | int | float | bool
Row = Mapping[str, Value]
"""A row by the names of its columns; NaN: no value."""
Progress = Callable[[int, int], None]


class FocusTable(Protocol):
    """A table made by `rackfocus evaluate table=...`."""

    def rows(self, folder: Path, progress: Progress) -> Iterator[Row]:
        """Evaluate video by video; pictures are written to `folder`, and `progress` is called with the
        numbers of steps (such as videos) done and in all.
        """
        ...

    def summary(self, rows: Sequence[Row]) -> list[Row]:
        """The summary of the rows, in the same columns."""
        ...


@dataclass(frozen=True, kw_only=True)
class FootageTable:
    """The settings of tables made by autofocus of videos: the longer side of the network's input, if
    disparity is unknown, and of the frames for detectors and tracker; the name of the device of the networks.
    """

    network_size_px: int | None = 384
    longer_side_px: int = 640
    device: str = AUTO

    @property
    def settings(self) -> dict[str, Any]:
        """Settings for `rackfocus.pipelines.focusing.autofocus.open_footage`."""
        return {
            "network_size_px": self.network_size_px,
            "longer_side_px": self.longer_side_px,
            "device": self.device,
        }


def mean(rows: Sequence[Row], column: str) -> float:
    """The mean of the numbers in a column; NaN if there are none."""
    values = [float(row[column]) for row in rows if column in row]
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def write_rows(rows: Sequence[Row], path: Path) -> None:
    """Write a table as CSV; NaN becomes an empty cell."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with whole_file(path) as draft, draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({column: told(value) for column, value in row.items()} for row in rows)


def told(value: Value) -> str:
    """A value as text."""
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.3f}".rstrip("0").rstrip(".")
    return str(value)
