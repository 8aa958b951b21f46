"""Items whose numbers were recorded before, for they take hours of training or recordings of people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rackfocus.evaluation.reproduction.claims import Claim
from rackfocus.evaluation.reproduction.item import Made, Material
from rackfocus.evaluation.reproduction.numbers import Number, mean_of
from rackfocus.reading.damage import reading
from rackfocus.reading.tables import read_rows

Rows = Sequence[Mapping[str, str]]
SUMMARIES = ("mean of ", "all ")
"""Rows whose sample begins so are summaries of the others."""


@dataclass(frozen=True)
class RecordedMean:
    """The mean of a column over the rows of one group.

    Attributes:
        name: of the number.
        column: whose mean is taken.
        where: the values of other columns that the rows have.
        less: the values of the rows that are subtracted, sample by sample. `None`: nothing is.
        unit: of the column.
        paper: what the paper has.
    """

    name: str
    column: str
    where: Mapping[str, str]
    less: Mapping[str, str] | None = None
    unit: str = ""
    paper: str = ""


@dataclass(frozen=True)
class Recorded:
    """Numbers of a recorded CSV file.

    Attributes:
        title: of the item.
        file: in the folder of recorded numbers.
        sample: the column that tells samples apart; rows of one sample are averaged.
        means: the numbers.
        said: the claims that they decide, as `Claim` takes them.
        remark: how the file was made.
    """

    title: str
    file: str
    sample: str
    means: Sequence[RecordedMean]
    said: Sequence[Mapping[str, Any]]
    remark: str = ""

    @property
    def claims(self) -> list[Claim]:
        """As they are configured."""
        return [Claim(**said) for said in self.said]

    def make(self, material: Material, folder: Path) -> Made:
        """The means over samples, and a chart of them."""
        path = material.experiments / self.file
        with reading(path, "is not there or cannot be read; run in a checkout, or set experiments=FOLDER."):
            rows = read_rows(path)
        source = f"recorded: {path.parent.name}/{path.name} at {material.commit_of(path)}"
        numbers = [self._mean(each, rows, source) for each in self.means]
        draw_bars(numbers, folder / "picture.png")
        return Made(numbers, self.remark)

    def _mean(self, wanted: RecordedMean, rows: Rows, source: str) -> Number:
        values = self._samples(rows, wanted.where, wanted.column)
        if wanted.less is not None:
            others = self._samples(rows, wanted.less, wanted.column)
            values = {key: value - others[key] for key, value in values.items() if key in others}
        return mean_of(wanted.name, values.values(), unit=wanted.unit, paper=wanted.paper, source=source)

    def _samples(self, rows: Rows, where: Mapping[str, str], column: str) -> dict[str, float]:
        found: dict[str, list[float]] = {}
        for row in rows:
            if row[self.sample].startswith(SUMMARIES):
                continue
            if row[column] and all(row[key] == str(value) for key, value in where.items()):
                found.setdefault(row[self.sample], []).append(float(row[column]))
        return {key: float(np.mean(values)) for key, values in found.items()}


def draw_bars(numbers: Sequence[Number], path: Path) -> None:
    """The numbers with their intervals, one bar each, as PNG."""
    known = [number for number in numbers if number.value]
    figure = Figure(figsize=(8, 0.8 + 0.35 * len(known)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    values = [float(number.value) for number in known]
    reach = [
        [value - float(number.low) for value, number in zip(values, known, strict=True)],
        [float(number.high) - value for value, number in zip(values, known, strict=True)],
    ]
    names = [f"{number.name}, {number.unit}" if number.unit else number.name for number in known]
    axes.barh(names, values, xerr=np.abs(reach), color="#0072b2", ecolor="#333333")
    axes.invert_yaxis()
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, format="png", dpi=120)
