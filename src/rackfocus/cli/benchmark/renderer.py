"""`rackfocus benchmark renderer`: speed, memory and quality of the renderer, compared with others."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from omegaconf import DictConfig
from PIL import Image
from rich import box
from rich.console import Console
from rich.table import Table

from rackfocus.cli.benchmark.report import check_cores, processor_name, require_positive
from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.progress import progress_bar
from rackfocus.cli.runs.provenance import git_revision, record_provenance
from rackfocus.data.apertures.raytraced import scene_folders
from rackfocus.evaluation.benchmarks.renderer.chart import draw_scaling
from rackfocus.evaluation.benchmarks.renderer.cost import Cost, cells, measure_costs
from rackfocus.evaluation.benchmarks.renderer.guard import Limits
from rackfocus.evaluation.benchmarks.renderer.inputs import parse_size
from rackfocus.evaluation.benchmarks.renderer.journal import Journal
from rackfocus.evaluation.benchmarks.renderer.quality import Quality, measure_quality
from rackfocus.evaluation.benchmarks.renderer.sheet import draw_sheet, foreground_scenes
from rackfocus.evaluation.benchmarks.renderer.table import markdown, summary_caption, summary_rows
from rackfocus.evaluation.benchmarks.renderer_peers import METHODS, OURS
from rackfocus.evaluation.benchmarks.renderer_peers.memory import require_process_memory
from rackfocus.evaluation.reports.lens_sheet import lens_sheet
from rackfocus.metrics.lpips import LPIPS
from rackfocus.types import InputError
from rackfocus.whole_files import write_whole


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("benchmark/renderer", run, arguments)


def run(cfg: DictConfig) -> None:
    """Measure what is not measured yet, and write records, tables and images."""
    benchmark_renderer(cfg)


def benchmark_renderer(cfg: DictConfig) -> None:
    """Compare our renderer with its reference implementation and with other renderers."""
    _check(cfg)
    folder = run_folder()
    scenes = scene_folders(Path(cfg.data.root), "test")
    larger = [] if cfg.truth is None else scene_folders(Path(cfg.truth), "test")
    wanted = cells(
        cfg.methods, [parse_size(str(size)) for size in cfg.sizes], cfg.radii, backward=cfg.backward
    )
    record_provenance(cfg, folder)
    missing = {name: why for name, method in METHODS.items() if (why := method.missing()) is not None}
    # First, while this process still uses little memory and does not affect the measurements.
    costs = _costs(cfg, [cell for cell in wanted if cell.method not in missing], scenes, folder)
    qualities = _qualities(cfg, [*scenes, *larger], missing, folder)
    chosen = {name: why for name, why in missing.items() if name in cfg.methods}
    facts = {
        "machine": f"{cfg.cores} cores of {processor_name()}",
        "revision": git_revision(),
        "inputs for time and memory": "a ray-traced test scene, enlarged (`inputs.timing_input`)",
        "pairs": f"{cfg.repeats}, after a first one that does not count",
    }
    write_whole(folder / "table.md", markdown(costs, qualities, chosen, facts).encode())
    draw_scaling(costs, folder / "scaling.png")
    draw_sheet(
        [*foreground_scenes(scenes), *(foreground_scenes(larger) if larger else [])], folder / "sheet.jpg"
    )
    Image.fromarray(lens_sheet()).save(folder / "lens_shapes.png")
    _print_summary(costs, qualities)
    for name, why in chosen.items():
        print(f"Not measured, {METHODS[name].title}: {why}")
    print(f"Records, tables and pictures: {folder}")


def _check(cfg: DictConfig) -> None:
    for name in cfg.methods:
        if name not in METHODS:
            raise InputError(f"There is no method {name!r}; choose from {', '.join(METHODS)}.")
    if OURS not in cfg.methods:
        raise InputError(f"methods must name {OURS!r}, which the others are measured against.")
    require_positive(cfg, "repeats", "memory_limit_gb", "seconds_limit")
    check_cores(cfg.cores)
    if not all(radius > 0 for radius in cfg.radii):
        raise InputError(f"radii must be more than 0, and are {', '.join(map(str, cfg.radii))}.")
    require_process_memory()


def _qualities(
    cfg: DictConfig, folders: Sequence[Path], missing: dict[str, str], folder: Path
) -> list[Quality]:
    journal = Journal(folder / "quality.csv", Quality)
    names = [*cfg.methods, *(name for name, method in METHODS.items() if not method.timed)]
    methods = [METHODS[name] for name in dict.fromkeys(names) if name not in missing]
    try:
        lpips: LPIPS | None = LPIPS()
    except InputError as error:
        print(f"No LPIPS: {error}")
        lpips = None
    known = {record.cell for record in journal.records}
    with progress_bar("against ray tracing", "pictures") as progress:
        for record in measure_quality(folders, methods, known=known, lpips=lpips):
            journal.add(record)
            progress(len(journal.records), len(folders) * len(methods))
    return journal.records


def _costs(cfg: DictConfig, wanted: Sequence[Cost], scenes: Sequence[Path], folder: Path) -> list[Cost]:
    journal = Journal(folder / "records.csv", Cost, keep=lambda record: not record.skipped)
    measured = partial(
        measure_costs,
        scene=scenes[0],
        repeats=cfg.repeats,
        cores=cfg.cores,
        limits=Limits(cfg.memory_limit_gb, cfg.seconds_limit),
    )
    cells = {cost.cell for cost in wanted}
    with progress_bar("time and memory", "cells") as progress:
        progress(sum(record.cell in cells for record in journal.records), len(cells))
        for record in measured(wanted, list(journal.records)):
            journal.add(record)
            progress(sum(record.cell in cells for record in journal.records), len(cells))
    return journal.records


def _print_summary(costs: Sequence[Cost], qualities: Sequence[Quality]) -> None:
    headings, rows = summary_rows(costs, qualities)
    table = Table(caption=summary_caption(costs, qualities), box=box.SIMPLE, pad_edge=False)
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="left" if index == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
