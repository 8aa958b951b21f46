"""`rackfocus benchmark training`: how long a training step takes, in our way and in the plain one."""

import csv
import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig
from pytorch_lightning import seed_everything
from rich import box
from rich.console import Console
from rich.table import Table

from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.progress import progress_bar
from rackfocus.cli.provenance import record_provenance
from rackfocus.data.apertures.raytraced import load_scene, scene_folders
from rackfocus.evaluation.benchmarks.renderer.inputs import Size
from rackfocus.evaluation.benchmarks.training import WAYS, StepTime, focal_triplet, time_steps
from rackfocus.types import InputError

RECORDS_FILE = "training.csv"


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("benchmark/training", run, arguments)


def run(cfg: DictConfig) -> None:
    """Measure, print a table, and write it down."""
    for name in ("size", "radius", "rounds", "cores"):
        if not cfg[name] > 0:
            raise InputError(f"{name} must be more than 0, and is {cfg[name]}.")
    available = len(os.sched_getaffinity(0))
    if cfg.cores > available:
        raise InputError(f"cores={cfg.cores} is more than the {available} that this machine gives.")
    scene = load_scene(scene_folders(Path(cfg.data.root), "test")[0])
    folder = run_folder()
    record_provenance(cfg, folder)
    torch.set_num_threads(cfg.cores)
    seed_everything(cfg.seed, verbose=False)
    batch, disparity = focal_triplet(scene, Size(cfg.size, cfg.size), cfg.radius)
    ways = [way for way in WAYS if cfg.compile or not way.compiled]
    times: list[StepTime] = []
    with progress_bar("training steps", "rounds") as progress:
        progress(0, cfg.rounds)
        steps = time_steps(
            instantiate(cfg.model), instantiate(cfg.loss), batch, disparity, ways, rounds=cfg.rounds
        )
        for times in steps:
            progress(times[0].rounds, cfg.rounds)
    table = Table(
        title=f"A step at {cfg.size} px, blur up to {cfg.radius} px, {cfg.cores} cores",
        box=box.SIMPLE,
        title_justify="left",
    )
    table.add_column("way")
    for heading in ("seconds", "times as fast"):
        table.add_column(heading, justify="right")
    with (folder / RECORDS_FILE).open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, [field.name for field in dataclasses.fields(StepTime)])
        rows.writeheader()
        for record in times:
            table.add_row(record.way, f"{record.seconds:.3f}", f"{record.speed_up:.2f}")
            rows.writerow(dataclasses.asdict(record))
    Console().print(table)
    print(f"The table: {folder / RECORDS_FILE}")
