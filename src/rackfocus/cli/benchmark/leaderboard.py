"""`rackfocus benchmark leaderboard`: depth, light, renderers and autofocus by anyone against exact truth."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException
from rich import box
from rich.console import Console
from rich.table import Table

from rackfocus.cli.benchmark.report import processor_name, use_cores
from rackfocus.cli.command import config_sentence, run_command, run_folder
from rackfocus.cli.evaluate.images import found_lpips
from rackfocus.cli.progress import progress_bar
from rackfocus.cli.runs.provenance import git_revision, record_provenance
from rackfocus.data.apertures.raytraced import scene_folders
from rackfocus.device import choose_device, device_identity
from rackfocus.evaluation.benchmarks.leaderboard.entry import Entry, built_in, crossed
from rackfocus.evaluation.benchmarks.leaderboard.focus import FocusMeasure
from rackfocus.evaluation.benchmarks.leaderboard.measuring import Ruler, measured_rows
from rackfocus.evaluation.benchmarks.leaderboard.page import write_page
from rackfocus.evaluation.benchmarks.leaderboard.parts import Parts
from rackfocus.evaluation.benchmarks.leaderboard.result import (
    MEASURES,
    PARTS,
    Result,
    read_results,
    write_results,
)
from rackfocus.evaluation.benchmarks.leaderboard.tables import INTERVAL, BoardTable, board_tables
from rackfocus.evaluation.images.examination import Conditions
from rackfocus.evaluation.reproduction.item_folder import code_digest
from rackfocus.one_writer import one_writer
from rackfocus.types import InputError

CONFIG = "benchmark/leaderboard"
CSV_FILE, PAGE_FILE = "leaderboard.csv", "index.html"
GROUPS = {"depth": "model/depth", "hdr": "model/hdr", "renderer": "renderer", "autofocus": "autofocus"}
"""The group of configurations that each part is made from."""
NOT_PRINTED = (INTERVAL, MEASURES["ssim"].heading)
"""Columns of the page for which a terminal has no room."""


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command(CONFIG, run, [_named(argument) for argument in arguments])


def run(cfg: DictConfig) -> None:
    """Measure the rows that are not there yet; the table and the page are written after each of them."""
    use_cores(cfg.cores)
    entries = _entries(cfg)
    cfg = _with_configs(cfg, entries)
    ruler = _ruler(cfg)
    csv_file, page = run_folder() / CSV_FILE, run_folder() / PAGE_FILE
    with one_writer(run_folder()), progress_bar("leaderboard", "rows") as progress:

        def show(results: list[Result], done: int) -> None:
            write_results(results, csv_file)
            # Of the file, so that the page has what the file has.
            write_page(page, read_results(csv_file), CSV_FILE, _facts(cfg, ruler))
            progress(done, len(entries))

        known = read_results(csv_file)
        record_provenance(cfg, run_folder())
        results = measured_rows(entries, known, ruler, show)
    _print(board_tables(results))
    print(f"The table and the page: {csv_file}, {page}")


def _named(argument: str) -> str:
    """The same with `depth=...` as `named.depth=...`: Hydra takes `renderer=...` for a group."""
    return f"named.{argument}" if argument.partition("=")[0] in PARTS and "=" in argument else argument


def _entries(cfg: DictConfig) -> list[Entry]:
    """The rows that the settings ask for."""
    named = {part: _names(cfg.named, part) for part in PARTS}
    products = (
        [named]
        if any(named.values())
        else [{part: _names(each, part) for part in PARTS} for each in cfg.rows.values()]
    )
    return list(dict.fromkeys(entry for each in products for entry in crossed(**each)))


def _names(cfg: DictConfig, part: str) -> list[str]:
    given = cfg.get(part)
    if given is None:
        return []
    names = list(given) if isinstance(given, ListConfig) else [given]
    if not names or not all(isinstance(name, str) for name in names):
        raise InputError(f"{part} must be a list of names, as '{part}=[NAME,NAME]', and is {given}.")
    return names


def _with_configs(cfg: DictConfig, entries: Sequence[Entry]) -> DictConfig:
    """The configuration with `parts.PART.NAME` for each name that is none of those built in.

    Raises:
        InputError: there is no such name.
    """
    loader = GlobalHydra.instance().config_loader()
    given = HydraConfig.get().overrides
    searched = [each for each in given.hydra if each.startswith("hydra.searchpath=")]
    added = []
    for part, group in GROUPS.items():
        free = built_in(part, cfg.networks)
        choices = loader.get_group_options(group, config_name=CONFIG, overrides=searched)
        for name in dict.fromkeys(getattr(entry, part) for entry in entries):
            if not name or name in free:
                continue
            if name not in choices:
                known = ", ".join(dict.fromkeys([*free, *choices]))
                raise InputError(
                    f"There is no {part}={name}; choose from {known}, or name the folder of your own configs "
                    f"by --config-dir, with {group}/{name}.yaml in it."
                )
            added.append(f"+{group}@parts.{part}.{name}={name}")
    own = [each for each in given.task if each.lstrip("+~").startswith("parts.")]
    # By itself: the groups of an added choice are those of the folder of the command's configuration.
    parts = compose(None, [*searched, *added, *own])
    with open_dict(cfg):
        return cast(DictConfig, OmegaConf.merge(cfg, parts))


def _ruler(cfg: DictConfig) -> Ruler:
    device = choose_device(cfg.device)
    size = cfg.network_size_px
    networks = {str(name): str(checkpoint) for name, checkpoint in cfg.networks.items()}
    machine = [f"{cfg.cores} {'core' if cfg.cores == 1 else 'cores'} of {processor_name()}"]
    machine += [] if device.type == "cpu" else [device_identity(device)]
    return Ruler(
        parts=Parts(networks, partial(_made, cfg), network_size_px=size, device=device),
        about=partial(_about, cfg),
        scenes=scene_folders(Path(cfg.data.root), "test"),
        clips=Path(cfg.clips),
        conditions=Conditions(lpips=found_lpips(), seed=cfg.seed),
        focus=FocusMeasure(network_size_px=size, longer_side_px=cfg.longer_side_px, device=str(device)),
        shared={"code": code_digest(), "cores": cfg.cores, "device": device_identity(device), "size": size},
        machine=", ".join(machine),
        revision=git_revision(),
    )


def _facts(cfg: DictConfig, ruler: Ruler) -> dict[str, str]:
    """What the page tells of the run."""
    return {
        "command": " ".join(sys.argv),
        "commit": ruler.revision,
        "scenes": f"{len(ruler.scenes)}, of {cfg.data.root}, split test",
        "clips": str(cfg.clips),
        "seed": str(cfg.seed),
        "LPIPS": "not measured: its weights are missing" if ruler.conditions.lpips is None else "AlexNet",
    }


def _about(cfg: DictConfig, part: str, name: str) -> dict[str, Any]:
    """What a part is made of."""
    if name in built_in(part, cfg.networks):
        return {"name": name, "checkpoint": cfg.networks.get(name)}
    return {"name": name, "config": OmegaConf.to_container(cfg.parts[part][name], resolve=True)}


def _made(cfg: DictConfig, part: str, name: str) -> Any:
    """What the configuration of a part makes.

    Raises:
        InputError: it cannot be made, with the first cause.
    """
    try:
        return instantiate(cfg.parts[part][name])
    except InstantiationException as error:
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        told = str(cause) if isinstance(cause, InputError) else f"{type(cause).__name__}: {cause}"
        raise InputError(told) from error
    except OmegaConfBaseException as error:
        raise InputError(f"parts.{part}.{name}: {config_sentence(str(error))}") from error


def _print(tables: Sequence[BoardTable]) -> None:
    console = Console(width=None if Console().is_terminal else 132)
    for each in tables:
        headings = [heading for heading in each.headings if heading not in NOT_PRINTED]
        table = Table(title=each.board.title, title_justify="left", box=box.SIMPLE, collapse_padding=True)
        for heading in headings:
            if heading in each.names:
                table.add_column(heading, overflow="fold")
            else:
                longest = max(len(line.cells[heading].text) for line in each.lines)
                table.add_column(heading, justify="right", min_width=longest)
        for line in each.lines:
            if not line.why:
                table.add_row(*(line.cells[heading].text for heading in headings))
        if table.row_count:
            console.print(table)
        for line in each.lines:
            if line.why:
                print(f"Not measured, {', '.join(line.cells[name].text for name in each.names)}: {line.why}")
