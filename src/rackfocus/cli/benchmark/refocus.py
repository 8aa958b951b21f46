"""`rackfocus benchmark refocus`: what a frame costs from file to file, stage by stage."""

import csv
import dataclasses
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import torch
from hydra.utils import instantiate
from omegaconf import DictConfig
from rich import box
from rich.console import Console
from rich.table import Table

from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.provenance import record_provenance
from rackfocus.cli.refocus import parse_model
from rackfocus.data.apertures.raytraced import load_scene, scene_folders
from rackfocus.evaluation.benchmarks.refocus import Refocusing, stage_costs, whole_cost, write_pan
from rackfocus.evaluation.benchmarks.renderer.inputs import parse_size
from rackfocus.evaluation.benchmarks.stabilizer import StageCost
from rackfocus.models.checkpoints import load_model
from rackfocus.types import InputError

RECORDS_FILE = "refocus.csv"


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("benchmark/refocus", run, arguments)


def run(cfg: DictConfig) -> None:
    """Measure, print a table, and write it down."""
    if cfg.pan_frames < 2:
        raise InputError(f"pan_frames must be 2 or more, and is {cfg.pan_frames}.")
    available = len(os.sched_getaffinity(0))
    if not 1 <= cfg.cores <= available:
        raise InputError(f"cores must be 1 to {available}, which this machine gives, and is {cfg.cores}.")
    size = parse_size(str(cfg.size))
    model = parse_model(cfg)
    how = Refocusing(
        network=load_model(model) if isinstance(model, str) else model,
        network_size_px=cfg.network_size_px,
        make_stabilizer=partial(instantiate, cfg.stabilizer),
        renderer=instantiate(cfg.renderer),
        lens=instantiate(cfg.lens),
        codec=instantiate(cfg.codec),
    )
    folder, console = run_folder(), Console()
    record_provenance(cfg, folder)
    torch.set_num_threads(cfg.cores)
    cv2.setNumThreads(cfg.cores)
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
    table = Table(
        title=f"A frame of {cfg.source or f'a pan at {size}'}, {cfg.cores} cores",
        box=box.SIMPLE,
        title_justify="left",
    )
    table.add_column("stage")
    for heading in ("processor seconds", "seconds"):
        table.add_column(heading, justify="right")
    with (folder / RECORDS_FILE).open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, [field.name for field in dataclasses.fields(StageCost)])
        rows.writeheader()
        for cost in (*costs, apart, whole):
            table.add_row(cost.stage, f"{cost.cpu_s:.3f}", f"{cost.wall_s:.3f}")
            rows.writerow(dataclasses.asdict(cost))
    console.print(table)
    print(f"The table: {folder / RECORDS_FILE}")


def _sums(costs: Sequence[StageCost]) -> tuple[float, float]:
    return sum(cost.cpu_s for cost in costs), sum(cost.wall_s for cost in costs)
