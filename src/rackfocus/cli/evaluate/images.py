"""`rackfocus evaluate images`: a checkpoint and baselines on data sets with known truth."""

from collections.abc import Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig
from rich.console import Console

from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.progress import progress_bar
from rackfocus.cli.runs.provenance import record_provenance
from rackfocus.device import choose_device
from rackfocus.evaluation.images.baselines import Network, Predictor
from rackfocus.evaluation.images.examination import Conditions, Examined, SheetRow
from rackfocus.evaluation.images.measure import measure
from rackfocus.evaluation.images.raytraced import Method, evaluate_scenes
from rackfocus.evaluation.reports.columns import COLUMNS, LEGEND, MASK_LEGEND
from rackfocus.evaluation.reports.histograms import AXES, draw_histogram
from rackfocus.evaluation.reports.records import Record, write_records
from rackfocus.evaluation.reports.side_by_side import draw_side_by_side
from rackfocus.evaluation.reports.summary import (
    Summary,
    measured_columns,
    summarise,
    summarise_groups,
    summarise_targets,
    summary_table,
    target_table,
    write_summary,
)
from rackfocus.metrics.lpips import LPIPS
from rackfocus.models.checkpoints import load_model
from rackfocus.types import InputError

RECORDS_FILE = "records.csv"
SUMMARY_FILE = "summary.csv"


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("evaluate/images", run, arguments)


def run(cfg: DictConfig) -> None:
    """Evaluate on every data set, then write records, means, histograms and sheets."""
    if cfg.longer_side_px < 64:
        raise InputError(f"longer_side_px must be 64 or more, and is {cfg.longer_side_px}.")
    device = choose_device(cfg.device)
    folder = run_folder()
    record_provenance(cfg, folder)
    methods: list[Predictor] = [
        Network(Path(cfg.checkpoint).name, load_model(cfg.checkpoint), cfg.network_size_px, device),
        *(instantiate(baseline) for baseline in (cfg.get("baseline") or {}).values()),
    ]
    # Before the first evaluation, so that missing data are reported at once.
    data_sets = {name: instantiate(node) for name, node in data_set_configs(cfg).items()}
    conditions = Conditions(cfg.longer_side_px, found_lpips(), cfg.seed)
    records: list[Record] = []
    for name, data_set in data_sets.items():
        found = Examined()
        try:
            with progress_bar(name, "samples") as progress:
                measure(
                    name,
                    data_set,
                    methods,
                    conditions,
                    sheet_samples=cfg.sheet_samples,
                    progress=progress,
                    found=found,
                )
        finally:
            # After each set, and where a picture cannot be read: those before it are measured.
            records += found.records
            write_records(records, folder / RECORDS_FILE)
        _draw_sheet(found.rows, folder / f"{name.replace('/', '_')}.jpg")
    if records:  # images without truth give no records, only sheets
        summaries = [*summarise(records, seed=cfg.seed), *summarise_groups(records, seed=cfg.seed)]
        by_target = summarise_targets(records, seed=cfg.seed)
        write_summary([*summaries, *by_target], folder / SUMMARY_FILE)
        _draw_histograms(records, folder)
        print_tables(summaries, by_target)
    print(f"Every picture, means, histograms and sheets: {folder}")


def data_set_configs(cfg: DictConfig) -> dict[str, DictConfig]:
    """The data sets by name: those of `suite`, as `<kind>/<name>`, otherwise the split of `data`."""
    if "suite" in cfg and cfg.suite is not None:
        return {
            f"{kind!s}/{name!s}": node
            for kind, nodes in cfg.suite.items()
            if isinstance(nodes, DictConfig)
            for name, node in nodes.items()
        }
    name = HydraConfig.get().runtime.choices["data"]
    if cfg.split not in cfg.data:
        raise InputError(f"{name} has no split {cfg.split!r}; choose one that conf/data/{name}.yaml names.")
    return {name: cfg.data[cfg.split]}


def print_tables(summaries: Sequence[Summary], by_target: Sequence[Summary]) -> None:
    """One table per kind of data set and subject, with a column per metric; then PSNR by target."""
    console = Console(width=None if Console().is_terminal else 132)
    kinds = dict.fromkeys(summary.data_set.partition("/")[0] for summary in summaries)
    for kind in kinds:
        own = [summary for summary in summaries if summary.data_set.partition("/")[0] == kind]
        for subject in dict.fromkeys(column.subject for column in COLUMNS.values()):
            columns = measured_columns(own, subject)
            if columns:
                told = [summary for summary in own if measured_columns([summary], subject)]
                console.print(summary_table(told, f"{kind}: {subject}", columns=columns, intervals=True))
    for name in dict.fromkeys(summary.data_set.partition(": ")[0] for summary in by_target):
        own = [summary for summary in by_target if summary.data_set.startswith(f"{name}: ")]
        console.print(target_table(own, f"{name}: PSNR by target, and above the input's"))
    console.print("Means over images, ± half the 95 % bootstrap interval over images.", style="dim")
    columns = measured_columns(summaries)
    if any(COLUMNS[column].subject != "time" for column in columns):
        console.print(LEGEND, style="dim")
    if "order" in columns:
        console.print(MASK_LEGEND, style="dim")


def evaluate(scenes: Sequence[Path], methods: Sequence[Method], folder: Path) -> list[Record]:
    """Evaluate methods on ray-traced scenes, with a progress bar; also write the records to `folder`."""
    records = []
    total = 3 * len(scenes) * len(methods)
    with progress_bar("evaluating", "images") as progress:
        for record in evaluate_scenes(scenes, methods):
            records.append(record)
            progress(len(records), total)
    write_records(records, folder / RECORDS_FILE)
    return records


def found_lpips() -> LPIPS | None:
    """LPIPS, or `None` where its weights are not found, which is printed."""
    try:
        return LPIPS()
    except InputError as error:
        print(f"No LPIPS: {error}")
        return None


def _draw_sheet(rows: Sequence[SheetRow], path: Path) -> None:
    if rows:
        draw_side_by_side(rows, path)


def _draw_histograms(records: Sequence[Record], folder: Path) -> None:
    """Draw one histogram per kind of data set and metric."""
    for kind in dict.fromkeys(record.data_set.partition("/")[0] for record in records):
        own = [record for record in records if record.data_set.partition("/")[0] == kind]
        for column in AXES:
            draw_histogram(own, column, kind, folder / f"histogram_{kind}_{column}.png")
