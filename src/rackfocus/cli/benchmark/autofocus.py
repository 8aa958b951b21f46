"""`rackfocus benchmark autofocus`: what look-ahead autofocus costs a frame, stage by stage."""

import csv
import dataclasses
import os
from collections.abc import Sequence

import cv2
import torch
from hydra.utils import instantiate
from omegaconf import DictConfig
from rich import box
from rich.console import Console
from rich.table import Table

from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.provenance import record_provenance
from rackfocus.evaluation.benchmarks.autofocus import stage_costs
from rackfocus.evaluation.benchmarks.stabilizer import StageCost
from rackfocus.pipelines.autofocus import open_footage
from rackfocus.types import InputError


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("benchmark/autofocus", run, arguments, positional=("source",))


def run(cfg: DictConfig) -> None:
    """Measure, print a table, and write it down."""
    for name in ("frames", "cores"):
        if cfg[name] < 1:
            raise InputError(f"{name} must be 1 or more, and is {cfg[name]}.")
    available = len(os.sched_getaffinity(0))
    if cfg.cores > available:
        raise InputError(f"cores={cfg.cores} is more than the {available} that this machine gives.")
    torch.set_num_threads(cfg.cores)
    cv2.setNumThreads(cfg.cores)
    folder, console = run_folder(), Console()
    record_provenance(cfg, folder)
    with (
        open_footage(
            cfg.source, longer_side_px=cfg.longer_side_px, network_size_px=cfg.network_size_px
        ) as footage,
        console.status("timing the stages"),
    ):
        costs = stage_costs(
            footage,
            instantiate(cfg.autofocus),
            instantiate(cfg.tracker),
            instantiate(cfg.puller),
            frames=cfg.frames,
        )
        size = f"{footage.reader.info.width} x {footage.reader.info.height}"
    with (folder / "autofocus.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, [field.name for field in dataclasses.fields(StageCost)])
        rows.writeheader()
        rows.writerows(dataclasses.asdict(cost) for cost in costs)
    table = Table(title=f"A frame of {size}, {cfg.cores} cores", box=box.SIMPLE, title_justify="left")
    table.add_column("stage")
    for heading in ("processor seconds", "seconds"):
        table.add_column(heading, justify="right")
    for cost in costs:
        table.add_row(cost.stage, f"{cost.cpu_s:.4f}", f"{cost.wall_s:.4f}")
    console.print(table)
    console.print(f"{1 / costs[-1].wall_s:.1f} frames a second, where disparity is known.")
    print(f"The table: {folder}")
