"""`rackfocus benchmark loading`: whether loading keeps up with training."""

import csv
from collections.abc import Sequence

from hydra.utils import instantiate
from omegaconf import DictConfig
from pytorch_lightning import seed_everything
from rich import box
from rich.console import Console
from rich.table import Table

from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.provenance import record_provenance
from rackfocus.cli.train import require_training_splits
from rackfocus.evaluation.benchmarks.loading import batch_rate, step_rate
from rackfocus.types import InputError

RECORDS_FILE = "loading.csv"


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("benchmark/loading", run, arguments)


def run(cfg: DictConfig) -> None:
    """Measure, print a table, and write it down."""
    for name in ("batches", "steps"):
        if cfg[name] < 1:
            raise InputError(f"{name} must be 1 or more, and is {cfg[name]}.")
    if not cfg.workers or min(cfg.workers) < 0:
        raise InputError("workers must be numbers of processes such as [0,1,2].")
    require_training_splits(cfg)
    folder, console = run_folder(), Console()
    record_provenance(cfg, folder)
    seed_everything(cfg.seed, verbose=False)
    with console.status("timing training steps"):
        data = instantiate(cfg.datamodule, workers=0)
        steps = step_rate(
            instantiate(cfg.model), instantiate(cfg.loss), data.train_dataloader(), steps=cfg.steps
        )
    rates = {}
    for workers in cfg.workers:
        with console.status(f"loading with {workers} workers"):
            loader = instantiate(cfg.datamodule, workers=workers).train_dataloader()
            rates[workers] = batch_rate(loader, batches=cfg.batches)
    size = cfg.datamodule.batch_size
    table = Table(
        title=f"{steps * size:.2f} samples a second are trained on", box=box.SIMPLE, title_justify="left"
    )
    for heading in ("workers", "samples a second loaded", "for each that is trained on"):
        table.add_column(heading, justify="right")
    with (folder / RECORDS_FILE).open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["workers", "samples_per_second", "trained_samples_per_second"])
        for workers, rate in rates.items():
            table.add_row(str(workers), f"{rate * size:.2f}", f"{rate / steps:.2f}")
            rows.writerow([workers, rate * size, steps * size])
    console.print(table)
    print(f"The table: {folder / RECORDS_FILE}")
