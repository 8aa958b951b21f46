"""`rackfocus benchmark training`: time of a training step, compared with a plain implementation."""

from collections.abc import Callable, Sequence
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig
from pytorch_lightning import seed_everything

from rackfocus.cli.benchmark.report import report, require_positive, use_cores
from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.progress import progress_bar
from rackfocus.cli.runs.provenance import record_provenance
from rackfocus.data.apertures.raytraced import load_scene, scene_folders
from rackfocus.device import choose_device, device_identity
from rackfocus.evaluation.benchmarks.renderer.inputs import Size
from rackfocus.evaluation.benchmarks.training import WAYS, StepTime, focal_triplet, time_steps

RECORDS_FILE = "training.csv"


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("benchmark/training", run, arguments)


def run(cfg: DictConfig) -> None:
    """Measure; print a table and write it as CSV."""
    require_positive(cfg, "size", "radius", "rounds")
    use_cores(cfg.cores)
    device = choose_device(cfg.device)
    scene = load_scene(scene_folders(Path(cfg.data.root), "test")[0])
    folder = run_folder()
    record_provenance(cfg, folder)
    seed_everything(cfg.seed, verbose=False)
    batch, disparity = focal_triplet(scene, Size(cfg.size, cfg.size), cfg.radius)
    ways = [way for way in WAYS if cfg.compile or not way.compiled]
    times: list[StepTime] = []
    with progress_bar("training steps", "rounds") as progress:
        progress(0, cfg.rounds)
        steps = time_steps(
            instantiate(cfg.model),
            instantiate(cfg.loss),
            batch,
            disparity,
            ways,
            rounds=cfg.rounds,
            device=device,
        )
        for times in steps:
            progress(times[0].rounds, cfg.rounds)
    columns: dict[str, Callable[[StepTime], str]] = {
        "way": lambda record: record.way,
        "seconds": lambda record: f"{record.seconds:.3f}",
        "samples a second": lambda record: f"{record.samples_per_s:.2f}",
        "times as fast": lambda record: f"{record.speed_up:.2f}",
    }
    title = f"A step at {cfg.size} px, blur up to {cfg.radius} px, "
    title += f"{cfg.cores} cores" if device.type == "cpu" else device_identity(device)
    report(title, times, columns, folder / RECORDS_FILE)
