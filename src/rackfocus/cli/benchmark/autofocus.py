"""`rackfocus benchmark autofocus`: time per frame of each stage of look-ahead autofocus."""

from collections.abc import Sequence

from hydra.utils import instantiate
from omegaconf import DictConfig
from rich.console import Console

from rackfocus.cli.benchmark.report import STAGE_COLUMNS, report, require_positive, use_cores
from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.runs.provenance import record_provenance
from rackfocus.evaluation.benchmarks.autofocus import stage_costs
from rackfocus.pipelines.focusing.autofocus import open_footage


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("benchmark/autofocus", run, arguments, positional=("source",))


def run(cfg: DictConfig) -> None:
    """Measure; print a table and write it as CSV."""
    require_positive(cfg, "frames")
    use_cores(cfg.cores)
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
    report(f"A frame of {size}, {cfg.cores} cores", costs, STAGE_COLUMNS, folder / "autofocus.csv")
    console.print(f"{1 / costs[-1].wall_s:.1f} frames a second, where disparity is known.")
