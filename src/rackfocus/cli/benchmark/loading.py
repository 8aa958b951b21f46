"""`rackfocus benchmark loading`: speed of loading data, compared with that of training."""

from collections.abc import Callable, Sequence

from hydra.utils import instantiate
from omegaconf import DictConfig
from pytorch_lightning import seed_everything
from rich.console import Console

from rackfocus.cli.benchmark.report import report, require_positive
from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.provenance import record_provenance
from rackfocus.cli.training_settings import require_training_splits
from rackfocus.evaluation.benchmarks.loading import LoadingRate, batch_rate, step_rate
from rackfocus.types import InputError

RECORDS_FILE = "loading.csv"


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("benchmark/loading", run, arguments)


def run(cfg: DictConfig) -> None:
    """Measure; print a table and write it as CSV."""
    require_positive(cfg, "batches", "steps")
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
    size = cfg.datamodule.batch_size
    rates = []
    for workers in cfg.workers:
        with console.status(f"loading with {workers} workers"):
            loader = instantiate(cfg.datamodule, workers=workers).train_dataloader()
            rate = batch_rate(loader, batches=cfg.batches)
            rates.append(LoadingRate(workers, rate * size, steps * size))
    columns: dict[str, Callable[[LoadingRate], str]] = {
        "workers": lambda rate: str(rate.workers),
        "samples a second loaded": lambda rate: f"{rate.samples_per_second:.2f}",
        "for each that is trained on": lambda rate: (
            f"{rate.samples_per_second / rate.trained_samples_per_second:.2f}"
        ),
    }
    report(f"{steps * size:.2f} samples a second are trained on", rates, columns, folder / RECORDS_FILE)
