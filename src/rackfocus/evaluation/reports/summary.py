"""Means with bootstrap intervals by data set and method: as values, as CSV, as tables for a terminal."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich import box
from rich.table import Table

from rackfocus.evaluation.reports.bootstrap import BLANK, Interval, bootstrap_interval
from rackfocus.evaluation.reports.columns import BRIEF, COLUMNS, UNIT_COLUMNS
from rackfocus.evaluation.reports.records import Record, write_csv


@dataclass(frozen=True)
class Summary:
    """One row of a table: the number of images, and the values by column."""

    data_set: str
    method: str
    images: int
    values: dict[str, Interval]


def summarise(records: Iterable[Record], *, seed: int = 0) -> list[Summary]:
    """The means by data set and method, in the order of their first record.

    All targets of an image are averaged first: an image counts once, in the mean and in the bootstrap.
    """
    records = list(records)
    groups = dict.fromkeys((record.data_set, record.method) for record in records)
    return [
        _summary(name, method, [[r for r in records if (r.data_set, r.method) == (name, method)]], seed)
        for name, method in groups
    ]


def summarise_groups(records: Iterable[Record], *, seed: int = 0) -> list[Summary]:
    """The means over data sets of one group, such as `depth/*` for `depth/nyuv2` and others; each set counts
    once.

    Images are resampled within their sets. Groups of one set are left out, since they have their mean
    already; so are `UNIT_COLUMNS`, whose units differ from set to set.
    """
    records = [record for record in records if "/" in record.data_set]
    kinds: dict[str, list[str]] = {}
    for name in dict.fromkeys(record.data_set for record in records):
        kinds.setdefault(name.partition("/")[0], []).append(name)
    summaries = []
    for kind, names in kinds.items():
        methods = dict.fromkeys(r.method for r in records if r.data_set in names)
        for method in methods if len(names) > 1 else ():
            own = [[r for r in records if (r.data_set, r.method) == (name, method)] for name in names]
            summary = _summary(f"{kind}/*", method, own, seed)
            summaries.append(
                dataclasses.replace(summary, values=summary.values | dict.fromkeys(UNIT_COLUMNS, BLANK))
            )
    return summaries


def summarise_targets(records: Iterable[Record], *, seed: int = 0) -> list[Summary]:
    """The means by target, such as `raytraced: f/2`, of data sets whose images share at least two targets."""
    by_set: dict[str, list[Record]] = {}
    for record in records:
        by_set.setdefault(record.data_set, []).append(record)
    summaries = []
    for name, own in by_set.items():
        targets = list(dict.fromkeys(record.target for record in own))
        pairs = {(record.image, record.target) for record in own}
        if len(targets) > 1 and len(pairs) == len(targets) * len({image for image, _ in pairs}):
            ordered = sorted(own, key=lambda record: targets.index(record.target))
            summaries += summarise(
                (dataclasses.replace(r, data_set=f"{name}: {r.target}") for r in ordered), seed=seed
            )
    return summaries


def compare_runs(runs: Mapping[str, Iterable[Record]], *, seed: int = 0) -> list[Summary]:
    """One row for each run, for the table of a sweep; the records' method is replaced by the run's name."""
    return summarise(
        (dataclasses.replace(record, method=name) for name, records in runs.items() for record in records),
        seed=seed,
    )


def measured_columns(summaries: Iterable[Summary], subject: str | None = None) -> list[str]:
    """The columns, of one subject or all, that have any value."""
    summaries = list(summaries)
    return [
        name
        for name, column in COLUMNS.items()
        if subject in (None, column.subject)
        and any(not math.isnan(summary.values[name].mean) for summary in summaries)
    ]


def cells(summary: Summary, columns: Sequence[str]) -> list[str]:
    """The method and its means as text; blank if nothing was measured."""
    return [summary.method, *(_text(summary.values[name].mean, COLUMNS[name].digits) for name in columns)]


def summary_table(
    summaries: Sequence[Summary], title: str, *, columns: Sequence[str] = BRIEF, intervals: bool = False
) -> Table:
    """The summaries as a table for a terminal; if they are of several data sets, the first column is the data
    set.

    `intervals`: add a second line to each row, with half the width of the bootstrap interval.
    """
    table = Table(title=title, title_justify="left", box=box.SIMPLE, pad_edge=False)
    several = len({summary.data_set for summary in summaries}) > 1
    for heading in ("data set", "method") if several else ("method",):
        table.add_column(heading, no_wrap=True)
    for name in columns:
        table.add_column(COLUMNS[name].heading, justify="right")
    before = ""
    for summary in summaries:
        row = cells(summary, columns)
        if intervals:
            lines = [_half_width(summary.values[name], COLUMNS[name].digits) for name in columns]
            if any(lines):
                dim = (f"{cell}\n[dim]{line}[/dim]" for cell, line in zip(row[1:], lines, strict=True))
                row = [row[0], *dim]
        shown = "" if summary.data_set == before else summary.data_set
        table.add_row(*([shown, *row] if several else row))
        before = summary.data_set
    return table


def target_table(summaries: Sequence[Summary], title: str) -> Table:
    """PSNR by method and target, with the gain over the first method, the input; see `summarise_targets`."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE, pad_edge=False)
    table.add_column("method", no_wrap=True)
    by_target: dict[str, dict[str, float]] = {}
    for summary in summaries:
        target = summary.data_set.partition(": ")[2]
        by_target.setdefault(target, {})[summary.method] = summary.values["psnr"].mean
    for target in by_target:
        table.add_column(f"PSNR {target}", justify="right")
    for method in dict.fromkeys(summary.method for summary in summaries):
        pairs = [
            (values[method], values[method] - next(iter(values.values()))) for values in by_target.values()
        ]
        table.add_row(method, *(f"{psnr:.2f}\n[dim]{gain:+.2f}[/dim]" for psnr, gain in pairs))
    return table


def write_summary(summaries: Iterable[Summary], path: Path) -> None:
    """Write the means and their intervals, one line for each data set and method, atomically."""
    columns = ["data_set", "method", "images"]
    columns += [f"{name}{part}" for name in COLUMNS for part in ("", "_low", "_high")]
    rows = []
    for summary in summaries:
        row: dict[str, object] = {
            "data_set": summary.data_set,
            "method": summary.method,
            "images": summary.images,
        }
        for name, value in summary.values.items():
            for part, number in (("", value.mean), ("_low", value.low), ("_high", value.high)):
                row[f"{name}{part}"] = "" if math.isnan(number) else number
        rows.append(row)
    write_csv(columns, rows, path)


def _summary(name: str, method: str, sets: list[list[Record]], seed: int) -> Summary:
    values = {
        column: bootstrap_interval([_by_image(records, column) for records in sets], seed)
        for column in COLUMNS
    }
    images = len({(record.data_set, record.image) for records in sets for record in records})
    return Summary(name, method, images, values)


def _by_image(records: Sequence[Record], column: str) -> np.ndarray:
    """The mean of every image's targets; images without a value are left out."""
    found: dict[str, list[float]] = {}
    for record in records:
        value = getattr(record, column)
        if not math.isnan(value):
            found.setdefault(record.image, []).append(value)
    return np.array([np.mean(values) for values in found.values()])


def _text(value: float, digits: int) -> str:
    return "" if math.isnan(value) else f"{value:.{digits}f}"


def _half_width(value: Interval, digits: int) -> str:
    """Half the interval's width; the summary's CSV has both ends."""
    half = (value.high - value.low) / 2
    return f"±{half:.{digits}f}" if half > 0 else ""
