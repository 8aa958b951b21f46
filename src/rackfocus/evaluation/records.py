"""Records as CSV, as a summary by method, and as a table for the terminal."""

import csv
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from rich import box
from rich.table import Table

from rackfocus.evaluation.raytraced import Record


@dataclass(frozen=True)
class Summary:
    """A method's means over all targets of all scenes; PSNR apart for scenes with and without lights."""

    method: str
    psnr_plain: float
    psnr_lights: float
    ssim: float
    disparity_rms: float
    disparity_rms_aligned: float
    hdr_log_mse: float


COLUMNS = {
    "method": "method",
    "psnr_plain": "PSNR plain",
    "psnr_lights": "PSNR lights",
    "ssim": "SSIM",
    "disparity_rms": "D error",
    "disparity_rms_aligned": "D error aligned",
    "hdr_log_mse": "HDR log MSE",
}

UNITS = "PSNR in dB without and with strong lights in the scene, disparity errors in pixels"


def write_records(records: Sequence[Record], path: Path) -> None:
    """Write one line a record, whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in dataclasses.fields(Record)])
        writer.writeheader()
        writer.writerows(dataclasses.asdict(record) for record in records)
    partial.replace(path)


def summarise(records: Sequence[Record]) -> list[Summary]:
    """The means by method, in the order in which the methods first stand. NaN where nothing was measured."""
    summaries = []
    for method in dict.fromkeys(record.method for record in records):
        own = [record for record in records if record.method == method]
        summaries.append(
            Summary(
                method=method,
                psnr_plain=_mean([record.psnr for record in own if not record.lights]),
                psnr_lights=_mean([record.psnr for record in own if record.lights]),
                ssim=_mean([record.ssim for record in own]),
                disparity_rms=_mean([record.disparity_rms for record in own]),
                disparity_rms_aligned=_mean([record.disparity_rms_aligned for record in own]),
                hdr_log_mse=_mean([record.hdr_log_mse for record in own]),
            )
        )
    return summaries


def cells(summary: Summary) -> list[str]:
    """A summary as text, in the order of `COLUMNS`."""
    return [
        summary.method,
        f"{summary.psnr_plain:.2f}",
        f"{summary.psnr_lights:.2f}",
        f"{summary.ssim:.4f}",
        f"{summary.disparity_rms:.2f}",
        f"{summary.disparity_rms_aligned:.2f}",
        f"{summary.hdr_log_mse:.4f}",
    ]


def summary_table(summaries: Sequence[Summary], title: str) -> Table:
    """The summaries for a terminal."""
    table = Table(title=title, caption=UNITS, box=box.SIMPLE, pad_edge=False)
    for index, heading in enumerate(COLUMNS.values()):
        table.add_column(heading, justify="left" if index == 0 else "right", no_wrap=index == 0)
    for summary in summaries:
        table.add_row(*cells(summary))
    return table


def _mean(values: list[float]) -> float:
    return fmean(values) if values else float("nan")
