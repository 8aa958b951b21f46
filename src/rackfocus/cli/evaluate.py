"""`rackfocus evaluate`: a checkpoint and the renderer against ray-traced truth."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console

from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.progress import progress_bar
from rackfocus.cli.provenance import record_provenance
from rackfocus.data.raytraced import scene_folders
from rackfocus.evaluation.raytraced import (
    Method,
    Record,
    evaluate_scenes,
    network_method,
    renderer_methods,
    unblurred,
)
from rackfocus.evaluation.records import summarise, summary_table, write_records
from rackfocus.models.checkpoints import load_model

RECORDS_FILE = "records.csv"


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("evaluate", run, arguments)


def run(cfg: DictConfig) -> None:
    """Evaluate one checkpoint beside the unblurred input and the true depth."""
    folder = run_folder()
    record_provenance(cfg, folder)
    methods = [
        unblurred(),
        network_method(Path(cfg.checkpoint).name, load_model(cfg.checkpoint)),
        *renderer_methods(),
    ]
    scenes = scene_folders(Path(cfg.data.root), cfg.split)
    records = evaluate(scenes, methods, folder)
    Console().print(
        summary_table(summarise(records), f"{len(scenes)} {cfg.split} scenes, three targets each")
    )
    print(f"Every scene and target: {folder / RECORDS_FILE}")


def evaluate(scenes: Sequence[Path], methods: Sequence[Method], folder: Path) -> list[Record]:
    """Measure the methods on the scenes, with a progress bar; the records are written into `folder` too."""
    records = []
    total = 3 * len(scenes) * len(methods)
    with progress_bar("evaluating", "images") as progress:
        for record in evaluate_scenes(scenes, methods):
            records.append(record)
            progress(len(records), total)
    write_records(records, folder / RECORDS_FILE)
    return records
