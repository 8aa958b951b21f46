"""`rackfocus benchmark stabilizer`: time per stabilised frame, and memory over the length of the video."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig
from rich.console import Console

from rackfocus.cli.benchmark.report import STAGE_COLUMNS, report, require_positive, use_cores
from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.runs.provenance import record_provenance
from rackfocus.data.apertures.raytraced import load_scene, scene_folders
from rackfocus.evaluation.benchmarks.renderer.inputs import parse_size
from rackfocus.evaluation.benchmarks.renderer_peers.memory import require_process_memory
from rackfocus.evaluation.benchmarks.stabilizer import (
    MemoryPeak,
    memory_peak,
    naive_cost,
    panned,
    push_cost,
    stage_costs,
)
from rackfocus.evaluation.reports.records import write_dataclasses
from rackfocus.types import InputError
from rackfocus.video.stabilizer.stabilizer import TemporalStabilizer

WINDOW_FRAMES = 6


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("benchmark/stabilizer", run, arguments)


def run(cfg: DictConfig) -> None:
    """Measure; print two tables and write them as CSV."""
    require_positive(cfg, "frames")
    if not cfg.memory_frames or min(cfg.memory_frames) < 1:
        raise InputError("memory_frames must be numbers of frames such as [50,500].")
    use_cores(cfg.cores)
    require_process_memory()
    scene = scene_folders(Path(cfg.data.root), "test")[0]
    size, small = parse_size(str(cfg.size)), parse_size(str(cfg.memory_size))
    folder, console = run_folder(), Console()
    record_provenance(cfg, folder)
    flow = instantiate(cfg.flow)
    settings = {"delta_px": cfg.delta_px, "outlier_scale": cfg.outlier_scale}

    def made(size_px: int | None) -> TemporalStabilizer:
        return TemporalStabilizer(flow=flow, window_frames=WINDOW_FRAMES, size_px=size_px, **settings)

    with console.status("timing the stages"):
        frames = list(islice(panned(load_scene(scene), size), WINDOW_FRAMES + 1 + cfg.frames))
        stages = stage_costs(frames, made(cfg.size_px))
        on_pixels = push_cost("all, on the frame's pixels", frames, made(None))
    with console.status("timing the naive design"):
        naive = naive_cost(frames, flow, window_frames=WINDOW_FRAMES, **settings)
        del frames
    peaks = []
    for count in cfg.memory_frames:
        with console.status(f"memory over {count} frames"):
            peaks.append(memory_peak(made(cfg.size_px), scene, small, frames=count))
    costs = [*stages, on_pixels, naive]
    write_dataclasses(MemoryPeak, peaks, folder / "memory.csv")
    report(f"A frame at {size}, {cfg.cores} cores", costs, STAGE_COLUMNS, folder / "stabilizer.csv")
    for slower, name in ((on_pixels, "on the frame's pixels"), (naive, "the naive design")):
        console.print(f"{slower.cpu_s / stages[-1].cpu_s:.1f} times as cheap as {name}.")
    for peak in peaks:
        console.print(f"Over {peak.frames} frames at {small} memory grew by {peak.megabytes:.0f} MB at most.")
