"""`rackfocus benchmark annotate`: how quick the annotation page is, and what memory it takes."""

import csv
import dataclasses
import os
import tempfile
import time
from collections.abc import Sequence

import cv2
import torch
from omegaconf import DictConfig
from rich import box
from rich.console import Console
from rich.table import Table

from rackfocus.app.benchmark import Figure, figures
from rackfocus.app.server.workspace import Workspace
from rackfocus.cli.annotate import tools_of
from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.provenance import record_provenance
from rackfocus.types import InputError


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("benchmark/annotate", run, arguments, positional=("path",))


def run(cfg: DictConfig) -> None:
    """Measure, print a table, and write it down."""
    for name in ("frames", "cores", "through_s"):
        if not cfg[name] > 0:
            raise InputError(f"{name} must be above 0, and is {cfg[name]}.")
    torch.set_num_threads(cfg.cores)
    cv2.setNumThreads(cfg.cores)
    folder, console = run_folder(), Console()
    record_provenance(cfg, folder)
    with tempfile.TemporaryDirectory() as out, console.status("measuring"):
        begun = time.perf_counter()
        workspace = Workspace.open(cfg.path, out=out, tools=tools_of(cfg))
        if workspace.is_folder:
            raise InputError(f"{cfg.path} is a folder; give one video.")
        opened = Figure("opening the video", time.perf_counter() - begun, "s")
        try:
            session = workspace.session(workspace.videos[0])
            measured = [opened, *figures(session, frames=cfg.frames, through_s=cfg.through_s)]
        finally:
            workspace.close()
        video = session.video
    with (folder / "annotate.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, [field.name for field in dataclasses.fields(Figure)])
        rows.writeheader()
        rows.writerows(dataclasses.asdict(figure) for figure in measured)
    title = f"{video.frames} frames of {video.width} x {video.height}, {cfg.cores} cores"
    table = Table(title=f"{title}, load {os.getloadavg()[0]:.1f}", box=box.SIMPLE, title_justify="left")
    table.add_column("what")
    table.add_column("value", justify="right")
    table.add_column("unit")
    for figure in measured:
        table.add_row(figure.what, f"{figure.value:.4g}", figure.unit)
    console.print(table)
    print(f"The table: {folder}")
