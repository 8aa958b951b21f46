"""`rackfocus benchmark annotate`: latency and memory of the annotation page."""

import os
import tempfile
import time
from collections.abc import Callable, Sequence

from omegaconf import DictConfig
from rich.console import Console

from rackfocus.app.benchmark import Figure, figures
from rackfocus.app.server.workspace import Workspace
from rackfocus.cli.annotate import make_tools
from rackfocus.cli.benchmark.report import report, require_positive, use_cores
from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.runs.provenance import record_provenance
from rackfocus.types import InputError


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("benchmark/annotate", run, arguments, positional=("path",))


def run(cfg: DictConfig) -> None:
    """Measure; print a table and write it as CSV."""
    require_positive(cfg, "frames", "through_s")
    use_cores(cfg.cores)
    folder = run_folder()
    record_provenance(cfg, folder)
    with tempfile.TemporaryDirectory() as out, Console().status("measuring"):
        begun = time.perf_counter()
        workspace = Workspace.open(cfg.path, out=out, tools=make_tools(cfg))
        if workspace.is_folder:
            raise InputError(f"{cfg.path} is a folder; give one video.")
        opened = Figure("opening the video", time.perf_counter() - begun, "s")
        try:
            session = workspace.session(workspace.videos[0])
            measured = [opened, *figures(session, frames=cfg.frames, through_s=cfg.through_s)]
        finally:
            workspace.close()
        video = session.video
    title = f"{video.frames} frames of {video.width} x {video.height}, {cfg.cores} cores"
    columns: dict[str, Callable[[Figure], str]] = {
        "what": lambda figure: figure.what,
        "value": lambda figure: f"{figure.value:.4g} {figure.unit}",
    }
    report(f"{title}, load {os.getloadavg()[0]:.1f}", measured, columns, folder / "annotate.csv")
