"""Checks a data set: number of samples, their sizes and ranges, and damaged files."""

import dataclasses
import math
from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.evaluation.reports.contact_sheet import SheetRow, sheet_row
from rackfocus.types import InputError


@dataclass
class FieldSummary:
    """Statistics of the finite values of one field over all samples; `odd_values` counts infinite values and
    NaN.
    """

    samples: int = 0
    shapes: set[tuple[int, ...]] = field(default_factory=set)
    least: float = math.inf
    most: float = -math.inf
    values: int = 0
    total: float = 0.0
    odd_values: int = 0

    @property
    def mean(self) -> float:
        """The mean over all finite values of all samples."""
        return self.total / self.values if self.values else math.nan

    @property
    def size(self) -> str:
        """The shapes as `3 x 256..512 x 384`; `number` if there are none."""
        if not self.shapes:
            return "number"
        if len({len(shape) for shape in self.shapes}) > 1:
            return "of several kinds"
        sides = zip(*sorted(self.shapes), strict=True)
        return " x ".join(
            str(min(side)) if min(side) == max(side) else f"{min(side)}..{max(side)}" for side in sides
        )

    def add(self, value: Tensor | float) -> None:
        """Add the value of one sample."""
        self.samples += 1
        if isinstance(value, Tensor):
            self.shapes.add(tuple(value.shape))
        values = torch.as_tensor(value)
        finite = values if not values.is_floating_point() else values[values.isfinite()]
        self.odd_values += values.numel() - finite.numel()
        if finite.numel():
            self.least = min(self.least, float(finite.min()))
            self.most = max(self.most, float(finite.max()))
            self.values += finite.numel()
            self.total += float(finite.sum(dtype=torch.float64))


@dataclass(frozen=True)
class SplitCheck:
    """The results for one split: its length, its fields in the order of the sample's class, the error
    messages of samples that could not be read, and the samples of the contact sheet.
    """

    count: int
    fields: dict[str, FieldSummary]
    broken: tuple[str, ...]
    rows: tuple[SheetRow, ...]


def check_split(
    dataset: Dataset[Any],
    *,
    shown: int,
    skip_broken: bool,
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> SplitCheck:
    """Read every sample once; `shown` of them, evenly spaced, are for the contact sheet.

    `skip_broken`: continue after a file that cannot be read.

    Raises:
        InputError: a file cannot be read and is not to be skipped.
    """
    count = len(cast(Sized, dataset))
    fields: dict[str, FieldSummary] = {}
    broken: dict[str, None] = {}
    rows: list[SheetRow] = []
    for index in range(count):
        try:
            sample = dataset[index]
        except InputError as error:
            if not skip_broken:
                raise
            broken[str(error)] = None
        else:
            for name, value in numeric_fields(sample):
                fields.setdefault(name, FieldSummary()).add(value)
            # A damaged sample on the sheet is replaced by the next one.
            if len(rows) < shown and index * max(shown - 1, 1) >= len(rows) * (count - 1):
                rows.append(sheet_row(sample))
        progress(index + 1, count)
    return SplitCheck(count, fields, tuple(broken), tuple(rows))


def numeric_fields(sample: Any) -> Iterator[tuple[str, Tensor | float]]:
    """The tensors and numbers of a sample, without fields that are `None`."""
    for item in dataclasses.fields(sample):
        value = getattr(sample, item.name)
        if isinstance(value, Tensor | float | int):
            yield item.name, value
