"""The numbers of an item and their CSV file, from which the page is made."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rackfocus.evaluation.reports.bootstrap import bootstrap_interval
from rackfocus.evaluation.reports.records import write_csv
from rackfocus.reading.damage import reading
from rackfocus.reading.tables import read_rows

MEASURED = "measured"
COLUMNS = ("name", "unit", "paper", "value", "low", "high", "n", "source")


@dataclass(frozen=True)
class Number:
    """One number, with texts as the CSV file and the page show them.

    Attributes:
        name: of what was measured.
        unit: such as `dB` or `px`; empty: none.
        paper: what the paper has; empty: nothing.
        value: the mean; empty: there is none, and `source` says why.
        low: the lower end of its 95 % bootstrap interval; empty where there is none.
        high: the upper end.
        n: how many samples (scenes, clips) it is the mean of.
        source: `measured`, the file in which it was recorded, or why it is missing.
    """

    name: str
    unit: str = ""
    paper: str = ""
    value: str = ""
    low: str = ""
    high: str = ""
    n: int = 0
    source: str = MEASURED


def mean_of(
    name: str,
    samples: Iterable[float],
    *,
    unit: str = "",
    paper: str = "",
    source: str = MEASURED,
) -> Number:
    """The mean of samples, such as one value a scene, with its bootstrap interval; NaN is left out."""
    known = np.array([value for value in samples if not math.isnan(value)])
    if not len(known):
        return missing(name, "no sample has this value", unit=unit, paper=paper)
    found = bootstrap_interval([known], 0)
    value, low, high = (text(each) for each in (found.mean, found.low, found.high))
    return Number(name, unit, paper, value, low, high, len(known), source)


def missing(name: str, why: str, *, unit: str = "", paper: str = "") -> Number:
    """A number that could not be measured."""
    return Number(name, unit, paper, source=why)


def text(value: float) -> str:
    """Four significant digits, without an exponent."""
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    digits = max(0, 3 - math.floor(math.log10(abs(value))))
    return f"{value:.{digits}f}"


def write_numbers(numbers: Sequence[Number], path: Path) -> None:
    """Write one line for each number, atomically."""
    write_csv(COLUMNS, [vars(number) for number in numbers], path)


def read_numbers(path: Path) -> list[Number]:
    """The numbers of a file that `write_numbers` wrote.

    Raises:
        InputError: the file cannot be read.
    """
    with reading(path, "cannot be read as the numbers of an item; delete its folder and run again."):
        rows = read_rows(path, COLUMNS)
        texts = [name for name in COLUMNS if name != "n"]
        return [Number(n=int(row["n"]), **{name: row[name] for name in texts}) for row in rows]
