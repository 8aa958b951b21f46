"""`rackfocus evaluate bokeh`: renderings, ours or anybody's, scored as public benchmarks do."""

import time
from collections.abc import Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig
from rich.console import Console

from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.evaluate.images import RECORDS_FILE, SUMMARY_FILE, found_lpips
from rackfocus.cli.progress import progress_bar
from rackfocus.cli.runs.provenance import record_provenance
from rackfocus.device import choose_device, device_identity
from rackfocus.evaluation.images.baselines import Network
from rackfocus.evaluation.public.results import (
    About,
    find_results,
    write_archive,
    write_readme,
    write_result,
)
from rackfocus.evaluation.public.scores import COLUMNS, score_target, summarise_groups_and_all
from rackfocus.evaluation.public.target import PublishedSet
from rackfocus.evaluation.reports.records import Record, write_records
from rackfocus.evaluation.reports.summary import summary_table, write_summary
from rackfocus.models.checkpoints import load_model
from rackfocus.types import InputError

RESULTS = "results"


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("evaluate/bokeh", run, arguments)


def run(cfg: DictConfig) -> None:
    """Render the targets, unless results are given, and score them where the truth is published."""
    folder = run_folder()
    record_provenance(cfg, folder)
    published: PublishedSet = instantiate(cfg.published)
    name = HydraConfig.get().runtime.choices["published"]
    names = [target.name for target in published.targets]
    if cfg.results is not None:
        if not published.has_truth:
            raise InputError(f"{name} has inputs only there, and nothing to compare {cfg.results} with.")
        results, method = Path(cfg.results), Path(cfg.results).resolve().name
    else:
        results, method = folder / RESULTS, "ours"
        about = _render(published, cfg, results)
        if not published.has_truth:
            write_readme(results, about)
            archive = write_archive(results)
            print(f"{len(names)} pictures, whose truth is not published; to be submitted: {archive}")
            return
    found = find_results(results, names)
    lpips, records = found_lpips(), list[Record]()
    try:
        with progress_bar("scoring", "pictures") as progress:
            for done, target in enumerate(published.targets):
                records += score_target(
                    published, target, found[target.name], data_set=name, method=method, lpips=lpips
                )
                progress(done + 1, len(names))
    finally:
        # Where a picture cannot be read, those before it are scored.
        write_records(records, folder / RECORDS_FILE)
    by_group, of_all = summarise_groups_and_all(records, published.targets, seed=cfg.seed)
    write_summary([*by_group, *of_all], folder / SUMMARY_FILE)
    console = Console(width=None if Console().is_terminal else 132)
    if len({each.data_set for each in by_group}) > 1:
        console.print(summary_table(by_group, name, columns=COLUMNS, intervals=True))
    console.print(
        summary_table(of_all, f"{name}, all {len(names)} pictures", columns=COLUMNS, intervals=True)
    )
    console.print("Means over pictures, ± half the 95 % bootstrap interval over pictures.", style="dim")
    print(f"Every picture's scores, and their means: {folder}")


def _render(published: PublishedSet, cfg: DictConfig, results: Path) -> About:
    """Render every target into a folder."""
    device = choose_device(cfg.device)
    model = load_model(cfg.checkpoint)
    network = Network(Path(cfg.checkpoint).name, model, cfg.network_size_px, device)
    results.mkdir()
    seconds = 0.0
    with progress_bar("rendering", "pictures") as progress:
        for done, target in enumerate(published.targets):
            begin = time.perf_counter()
            picture = published.rendered(target, network)
            seconds += time.perf_counter() - begin
            write_result(results, target.name, picture)
            progress(done + 1, len(published.targets))
    parameters = sum(each.numel() for each in model.parameters())
    return About("rackfocus", parameters, seconds / len(published.targets), device_identity(device))
