"""`rackfocus data check`: describe a data set and find broken samples."""

from collections.abc import Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.errors import InstantiationException
from omegaconf import DictConfig
from rich import box
from rich.console import Console
from rich.table import Table

from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.configs.splits import open_split, split_configs
from rackfocus.cli.progress import progress_bar
from rackfocus.evaluation.reports.contact_sheet import draw_contact_sheet
from rackfocus.evaluation.reports.data_check import SplitCheck, check_split
from rackfocus.types import InputError, MissingSplit
from rackfocus.whole_files import write_whole

SUBJECTS = ("check",)
FLAGS = {"--skip-broken": "skip_broken=true"}
BROKEN_FILE = "broken.txt"


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command(
        "data", run, [FLAGS.get(argument, argument) for argument in arguments], positional=("what",)
    )


def run(cfg: DictConfig) -> None:
    """Check every split of the data set."""
    if cfg.what not in SUBJECTS:
        raise InputError(f"There is no `rackfocus data {cfg.what}`; choose one of {', '.join(SUBJECTS)}.")
    if cfg.samples < 1:
        raise InputError(f"samples must be 1 or more, and is {cfg.samples}.")
    name = HydraConfig.get().runtime.choices["data"]
    splits = split_configs(cfg)
    console, folder = Console(), run_folder()
    broken: list[str] = []
    missing: list[str] = []
    for split, node in splits.items():
        found = _check(split, node, cfg)
        if isinstance(found, InputError):
            (missing if isinstance(found, MissingSplit) else broken).append(str(found))
            continue
        broken += found.broken
        console.print()
        console.print(_table(f"{name}, {split}: {found.count} samples", found))
        if found.rows:
            sheet = folder / f"{split}.png"
            draw_contact_sheet(found.rows, sheet)
            print(f"Contact sheet: {sheet}\n")
    if len(missing) == len(splits):
        raise InputError(missing[0])
    for sentence in missing:
        print(f"A split is not there: {sentence}")
    _tell(list(dict.fromkeys(broken)), folder)


def _check(split: str, node: DictConfig, cfg: DictConfig) -> SplitCheck | InputError:
    """The check of a split; or why it is not there, or cannot be opened if such splits are skipped."""
    try:
        dataset = open_split(node)
    except InstantiationException as error:
        if cfg.skip_broken and isinstance(error.__cause__, InputError):
            return error.__cause__
        raise
    if isinstance(dataset, MissingSplit):
        return dataset
    with progress_bar(split, "samples") as progress:
        return check_split(dataset, shown=cfg.samples, skip_broken=cfg.skip_broken, progress=progress)


def _tell(broken: Sequence[str], folder: Path) -> None:
    """Print the list of broken samples, and write it to the folder."""
    if not broken:
        print("All files can be read.")
        return
    write_whole(folder / BROKEN_FILE, ("\n".join(broken) + "\n").encode())
    print(f"{len(broken)} broken, also listed in {folder / BROKEN_FILE}:")
    for sentence in broken:
        print(f"  {sentence}")


def _table(title: str, found: SplitCheck) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE, pad_edge=False)
    table.add_column("field", no_wrap=True)
    for heading in ("size", "least", "mean", "most"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", justify="left")
    whole = found.count - len(found.broken)
    for name, values in found.fields.items():
        notes = []
        if values.samples < whole:
            notes.append(f"in {values.samples} samples")
        if values.odd_values:
            share = values.odd_values / (values.odd_values + values.values)
            notes.append(f"{share:.2%} not finite")
        numbers = (f"{value:.4g}" for value in (values.least, values.mean, values.most))
        table.add_row(name, values.size, *numbers, ", ".join(notes))
    return table
