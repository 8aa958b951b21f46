"""`rackfocus benchmark loading`: speed of loading data, compared with that of training."""

from collections.abc import Callable, Sequence

from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig
from pytorch_lightning import seed_everything
from rich.console import Console

from rackfocus.cli.benchmark.report import report, require_positive
from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.runs.provenance import record_provenance
from rackfocus.cli.runs.training_settings import require_training_splits
from rackfocus.evaluation.benchmarks.generated_flower import generate_flower
from rackfocus.evaluation.benchmarks.loading import LoadingRate, batch_time, step_rate
from rackfocus.types import InputError

RECORDS_FILE = "loading.csv"


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("benchmark/loading", run, arguments)


def run(cfg: DictConfig) -> None:
    """Measure; print a table and write it as CSV."""
    require_positive(cfg, "batches", "steps")
    if cfg.samples_per_second is not None:
        require_positive(cfg, "samples_per_second")
    if not cfg.workers or min(cfg.workers) < 0:
        raise InputError("workers must be numbers of processes such as [0,1,2].")
    require_training_splits(cfg)
    folder, console = run_folder(), Console()
    if cfg.generated is not None:
        if HydraConfig.get().runtime.choices["data"] != "flower":
            raise InputError("Light fields are generated for data=flower alone; leave generated out.")
        with console.status("making light fields"):
            cfg.data.root = str(generate_flower(folder / "Flowers_8bit", cfg.generated))
    record_provenance(cfg, folder)
    seed_everything(cfg.seed, verbose=False)
    size = cfg.datamodule.batch_size
    trained = _trained_rate(cfg, console) if cfg.samples_per_second is None else cfg.samples_per_second
    rates: list[LoadingRate] = []
    for workers in sorted({0, *cfg.workers}):
        with console.status(f"loading with {workers} workers"):
            loader = instantiate(cfg.datamodule, workers=workers).train_dataloader()
            clock, processor = batch_time(loader, batches=cfg.batches)
            cost = rates[0].processor_seconds if rates else processor / size
            rates.append(LoadingRate(workers, size / clock, trained, cost))
    columns: dict[str, Callable[[LoadingRate], str]] = {
        "workers": lambda rate: str(rate.workers),
        "samples a second loaded": lambda rate: f"{rate.samples_per_second:.2f}",
        "for each that is trained on": lambda rate: (
            f"{rate.samples_per_second / rate.trained_samples_per_second:.2f}"
        ),
    }
    title = (
        f"{trained:.2f} samples a second are trained on; one takes {rates[0].processor_seconds:.3f} s of a "
        f"processor to load, which {rates[0].workers_needed} workers on as many cores keep up with"
    )
    report(title, rates, columns, folder / RECORDS_FILE)


def _trained_rate(cfg: DictConfig, console: Console) -> float:
    """How many samples a second this machine trains on."""
    with console.status("timing training steps"):
        data = instantiate(cfg.datamodule, workers=0)
        steps = step_rate(
            instantiate(cfg.model), instantiate(cfg.loss), data.train_dataloader(), steps=cfg.steps
        )
    return steps * float(cfg.datamodule.batch_size)
