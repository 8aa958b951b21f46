"""`rackfocus benchmark refocus`: time per frame of each stage from input file to output file, and memory."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from hydra import compose
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig
from rich.console import Console

from rackfocus.cli.benchmark.report import report, use_cores
from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.progress import progress_bar
from rackfocus.cli.refocus import parse_model
from rackfocus.cli.runs.provenance import record_provenance
from rackfocus.data.apertures.raytraced import load_scene, scene_folders
from rackfocus.device import choose_device
from rackfocus.evaluation.benchmarks.refocus import (
    RefocusCost,
    Refocusing,
    refocus_costs,
    times_the_first,
    write_pan,
)
from rackfocus.evaluation.benchmarks.renderer.inputs import parse_size
from rackfocus.evaluation.benchmarks.renderer_peers.memory import require_process_memory
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
    require_process_memory()
    use_cores(cfg.cores)
    size = parse_size(str(cfg.size))
    ways = {"as set": _refocusing(cfg)}
    if cfg.compare is not None:
        others = [cfg.compare] if isinstance(cfg.compare, str) else list(cfg.compare)
        given = HydraConfig.get().overrides.task
        ways[" ".join(others)] = _refocusing(compose("benchmark/refocus", [*given, *others]))
    folder = run_folder()
    record_provenance(cfg, folder)
    with TemporaryDirectory() as made:
        if cfg.source is None:
            video = Path(made) / "pan.mp4"
            with Console().status("making the pan"):
                scene = load_scene(scene_folders(Path(cfg.data.root), "test")[0])
                write_pan(video, scene, size, frames=cfg.pan_frames)
        else:
            video = Path(cfg.source)
        with progress_bar("refocusing", "runs") as progress:
            costs: list[RefocusCost] = []
            for done, costs in enumerate(refocus_costs(video, ways), start=1):  # noqa: B007
                progress(done, 3 * len(ways))
    columns: dict[str, Callable[[RefocusCost], str]] = {
        "stage": lambda cost: cost.stage,
        "processor s": lambda cost: f"{cost.cpu_s:.4f}",
        "share": lambda cost: f"{cost.share:.0%}",
        "s": lambda cost: f"{cost.wall_s:.4f}",
        "peak MB": lambda cost: "" if cost.peak_mb is None else f"{cost.peak_mb:.0f}",
    }
    if len(ways) > 1:
        columns["settings"] = lambda cost: cost.way
    devices = " and ".join(dict.fromkeys(cost.device for cost in costs))
    title = f"A frame of {cfg.source or f'a pan at {size}'}, {cfg.cores} cores, on {devices}"
    report(title, costs, columns, folder / RECORDS_FILE)
    for way, ratio in times_the_first(costs).items():
        print(f"With {way} a frame takes {ratio:.2f} times as many processor seconds.")


def _refocusing(cfg: DictConfig) -> Refocusing:
    model = parse_model(cfg)
    return Refocusing(
        network=load_model(model) if isinstance(model, str) else model,
        network_size_px=cfg.network_size_px,
        make_stabilizer=partial(instantiate, cfg.stabilizer),
        renderer=instantiate(cfg.renderer),
        lens=instantiate(cfg.lens),
        codec=instantiate(cfg.codec),
        autofocus=instantiate(cfg.autofocus),
        device=choose_device(cfg.device),
    )
