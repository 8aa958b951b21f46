"""`rackfocus benchmark tracker`: how well and how fast subjects are followed, with and without recovery."""

import csv
import dataclasses
from collections.abc import Sequence

import cv2
from hydra.utils import instantiate
from omegaconf import DictConfig
from rich import box
from rich.console import Console
from rich.table import Table

from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.provenance import record_provenance
from rackfocus.evaluation.benchmarks.tracker import TrackerRecord, markdown, measure_tracker, otb_sequence
from rackfocus.types import InputError


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("benchmark/tracker", run, arguments)


def run(cfg: DictConfig) -> None:
    """Measure, print a table, and write it down."""
    folder, console = run_folder(), Console()
    otb_sequence(cfg.root)
    record_provenance(cfg, folder)
    cv2.setNumThreads(1)
    records: list[TrackerRecord] = []
    for name, choice in cfg.trackers.items():
        # Each by itself, and as it is used.
        for title, node in ((f"{name} alone", choice.tracker), (str(name), choice)):
            with console.status(f"following with {title}"):
                try:
                    records.append(measure_tracker(instantiate(node), title, cfg.root))
                except InputError as error:
                    raise InputError(f"{title}: {error}") from error
    table = Table(title=f"{records[0].frames} frames of {records[0].sequence}", box=box.SIMPLE)
    table.add_column("tracker")
    for heading in ("AUC", "IoU > .5", "within 20 px", "lost", "wrong", "frames/s"):
        table.add_column(heading, justify="right")
    for record in records:
        shares = (record.success_auc, record.success_half, record.precision, record.lost, record.wrong)
        speed = f"{record.frames_per_second:.0f}"
        table.add_row(record.tracker, *(f"{share:.3f}" for share in shares), speed)
    console.print(table)
    (folder / "table.md").write_text(markdown(records), encoding="utf-8")
    with (folder / "records.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, [field.name for field in dataclasses.fields(TrackerRecord)])
        rows.writeheader()
        rows.writerows(dataclasses.asdict(record) for record in records)
    print(f"The tables: {folder}")
