"""Shared by the benchmarks: checks of settings, the CSV file and the printed table."""

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import cv2
import torch
from omegaconf import DictConfig
from rich import box
from rich.console import Console
from rich.table import Table

from rackfocus.evaluation.benchmarks.stage_clock import StageCost
from rackfocus.evaluation.reports.records import write_dataclasses
from rackfocus.types import InputError

Measured = TypeVar("Measured")

STAGE_COLUMNS: Mapping[str, Callable[[StageCost], str]] = {
    "stage": lambda cost: cost.stage,
    "processor seconds": lambda cost: f"{cost.cpu_s:.4f}",
    "seconds": lambda cost: f"{cost.wall_s:.4f}",
}
"""The columns of the table of stages, by their headings."""


def require_positive(cfg: DictConfig, *names: str) -> None:
    """Check that settings are positive numbers.

    Raises:
        InputError: one of them is 0 or less.
    """
    for name in names:
        if not cfg[name] > 0:
            raise InputError(f"{name} must be more than 0, and is {cfg[name]}.")


def check_cores(cores: int) -> None:
    """Check the number of cores to measure with.

    Raises:
        InputError: the number is less than 1, or more than this process may use.
    """
    available = len(os.sched_getaffinity(0))
    if not 1 <= cores <= available:
        raise InputError(f"cores must be 1 to {available} on this machine, and is {cores}.")


def use_cores(cores: int) -> None:
    """Set the number of threads of torch and OpenCV.

    Raises:
        InputError: see `check_cores`.
    """
    check_cores(cores)
    torch.set_num_threads(cores)
    cv2.setNumThreads(cores)


def processor_name() -> str:
    """The processor's name as reported by Linux."""
    about = Path("/proc/cpuinfo")
    for line in about.read_text().splitlines() if about.is_file() else ():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def report(
    title: str,
    records: Sequence[Measured],
    columns: Mapping[str, Callable[[Measured], str]],
    path: Path,
) -> None:
    """Write the records as CSV, print them as a table, and print the path of the file.

    Args:
        title: above the table.
        records: dataclasses of one kind, at least one; the file has all of their fields.
        columns: of the table, by their headings; the first one names the row.
        path: of the CSV file.
    """
    kind: Any = type(records[0])
    write_dataclasses(kind, records, path)
    table = Table(title=title, box=box.SIMPLE, title_justify="left")
    for number, heading in enumerate(columns):
        table.add_column(heading, justify="right" if number else "left")
    for record in records:
        table.add_row(*(cell(record) for cell in columns.values()))
    Console().print(table)
    print(f"The table: {path}")
