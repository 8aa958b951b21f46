"""Tables in CSV files of any origin: bounded in length, and every row has every column."""

import csv
from collections.abc import Sequence
from pathlib import Path

LARGEST_BYTES = 1 << 26
MOST_ROWS = 1_000_000


def read_rows(path: Path, columns: Sequence[str] = ()) -> list[dict[str, str]]:
    """The rows of a table; to be called within `rackfocus.reading.damage.reading`.

    Args:
        path: of the file.
        columns: those that it must have; it may have others.

    Raises:
        OSError: it cannot be read.
        ValueError: it is too long, lacks a column, or a row has another number of columns than the first.
        csv.Error: it is no CSV.
    """
    if path.stat().st_size > LARGEST_BYTES:
        raise ValueError(f"it is longer than {LARGEST_BYTES} bytes")
    rows: list[dict[str, str]] = []
    with path.open(newline="", encoding="utf-8") as lines:
        table = csv.DictReader(lines)
        if missing := [name for name in columns if name not in (table.fieldnames or ())]:
            raise ValueError(f"it has no column {missing[0]!r}")
        for row in table:
            if None in row or None in row.values():
                raise ValueError(f"line {table.line_num} does not have the columns of the first line")
            if len(rows) == MOST_ROWS:
                raise ValueError(f"it has more than {MOST_ROWS} rows")
            rows.append(row)
    return rows
