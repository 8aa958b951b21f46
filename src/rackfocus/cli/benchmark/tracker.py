"""`rackfocus benchmark tracker`: accuracy and speed of the trackers, with and without recovery."""

from collections.abc import Callable, Sequence

import cv2
from hydra.utils import instantiate
from omegaconf import DictConfig
from rich.console import Console

from rackfocus.cli.benchmark.report import report
from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.runs.provenance import record_provenance
from rackfocus.evaluation.benchmarks.tracker import TrackerRecord, markdown, measure_tracker, otb_sequence
from rackfocus.types import InputError
from rackfocus.whole_files import write_whole


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("benchmark/tracker", run, arguments)


def run(cfg: DictConfig) -> None:
    """Measure; print a table and write it as CSV."""
    folder, console = run_folder(), Console()
    otb_sequence(cfg.root)
    record_provenance(cfg, folder)
    cv2.setNumThreads(1)
    records: list[TrackerRecord] = []
    for name, choice in cfg.trackers.items():
        # Each tracker without recovery, and as configured.
        for title, node in ((f"{name} alone", choice.tracker), (str(name), choice)):
            with console.status(f"following with {title}"):
                try:
                    records.append(measure_tracker(instantiate(node), title, cfg.root))
                except InputError as error:
                    raise InputError(f"{title}: {error}") from error
    write_whole(folder / "table.md", markdown(records).encode())
    columns: dict[str, Callable[[TrackerRecord], str]] = {
        "tracker": lambda record: record.tracker,
        "AUC": lambda record: f"{record.success_auc:.3f}",
        "IoU > .5": lambda record: f"{record.success_half:.3f}",
        "within 20 px": lambda record: f"{record.precision:.3f}",
        "lost": lambda record: f"{record.lost:.3f}",
        "wrong": lambda record: f"{record.wrong:.3f}",
        "frames/s": lambda record: f"{record.frames_per_second:.0f}",
    }
    title = f"{records[0].frames} frames of {records[0].sequence}"
    report(title, records, columns, folder / "records.csv")
