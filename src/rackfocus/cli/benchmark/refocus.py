"""`rackfocus benchmark refocus`: time per frame of each stage from input file to output file."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from hydra.utils import instantiate
from omegaconf import DictConfig
from rich.console import Console

from rackfocus.cli.benchmark.report import STAGE_COLUMNS, report, use_cores
from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.provenance import record_provenance
from rackfocus.cli.refocus import parse_model
from rackfocus.data.apertures.raytraced import load_scene, scene_folders
from rackfocus.device import choose_device, device_identity
from rackfocus.evaluation.benchmarks.refocus import Refocusing, stage_costs, whole_cost, write_pan
from rackfocus.evaluation.benchmarks.renderer.inputs import parse_size
from rackfocus.evaluation.benchmarks.stage_clock import StageCost
from rackfocus.models.checkpoints import load_model
from rackfocus.types import InputError

RECORDS_FILE = "refocus.csv"


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("benchmark/refocus", run, arguments)


def run(cfg: DictConfig) -> None:
    """Measure; print a table and write it as CSV."""
    if cfg.pan_frames < 2:
        raise InputError(f"pan_frames must be 2 or more, and is {cfg.pan_frames}.")
    use_cores(cfg.cores)
    size = parse_size(str(cfg.size))
    model = parse_model(cfg)
    how = Refocusing(
        network=load_model(model) if isinstance(model, str) else model,
        network_size_px=cfg.network_size_px,
        make_stabilizer=partial(instantiate, cfg.stabilizer),
        renderer=instantiate(cfg.renderer),
        lens=instantiate(cfg.lens),
        codec=instantiate(cfg.codec),
        device=choose_device(cfg.device),
    )
    folder, console = run_folder(), Console()
    record_provenance(cfg, folder)
    with TemporaryDirectory() as made:
        if cfg.source is None:
            video = Path(made) / "pan.mp4"
            with console.status("making the pan"):
                scene = load_scene(scene_folders(Path(cfg.data.root), "test")[0])
                write_pan(video, scene, size, frames=cfg.pan_frames)
        else:
            video = Path(cfg.source)
        with console.status("stage by stage"):
            costs = stage_costs(video, how)
        with console.status("as refocus does it"):
            whole = whole_cost(video, how, Path(made) / f"out{how.codec.suffixes[0]}")
    apart = StageCost("all, one stage after the other", *_sums(costs))
    where = f"{cfg.cores} cores"
    if how.device.type != "cpu":
        where += f" and {device_identity(how.device)}"
    title = f"A frame of {cfg.source or f'a pan at {size}'}, {where}"
    report(title, (*costs, apart, whole), STAGE_COLUMNS, folder / RECORDS_FILE)


def _sums(costs: Sequence[StageCost]) -> tuple[float, float]:
    return sum(cost.cpu_s for cost in costs), sum(cost.wall_s for cost in costs)
