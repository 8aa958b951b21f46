"""`rackfocus vaf build|export|import|agreement`: make and exchange a focus data set of your own."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig
from rich.console import Console

from rackfocus.cli.command import run_command
from rackfocus.cli.evaluate.autofocus import printed_table
from rackfocus.cli.progress import progress_bar
from rackfocus.data.preparation.vaf_build import TABLE_FILE, Selection, build_dataset
from rackfocus.evaluation.autofocus.agreement_table import agreement_rows, mean_row
from rackfocus.evaluation.autofocus.focus_table import write_rows
from rackfocus.focus.annotation.csv_table import annotations_in, read_csv, write_csv
from rackfocus.focus.annotation.json_file import load_annotation, save_annotation
from rackfocus.types import InputError

NAMED = 10
"""The most excluded videos that are printed; the table lists all of them."""


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("vaf", run, arguments, positional=("what", "source", "other"), options=("out",))


def run(cfg: DictConfig) -> None:
    """Run the action `cfg.what`."""
    if cfg.what not in SUBJECTS:
        raise InputError(f"There is no `rackfocus vaf {cfg.what}`; choose one of {', '.join(SUBJECTS)}.")
    if cfg.other is not None and cfg.what != "agreement":
        raise InputError(f"`rackfocus vaf {cfg.what}` takes one argument; {cfg.other!r} is one too many.")
    SUBJECTS[cfg.what](cfg)


def build(cfg: DictConfig) -> None:
    """Build a data set from a folder of videos."""
    dataset = _out(cfg, "a folder to build")
    selection: Selection = instantiate(cfg.selection)
    with progress_bar("looking through", "videos") as progress:
        videos = build_dataset(Path(cfg.source), dataset, selection, progress=progress)
    left_out = [video for video in videos if video.left_out]
    for video in left_out[:NAMED]:
        print(f"left out {video.video} because {video.left_out}")
    if len(left_out) > NAMED:
        print(f"left out {len(left_out) - NAMED} more")
    splits = Counter(video.split for video in videos if video.split)
    told = ", ".join(f"{count} {split}" for split, count in sorted(splits.items())) or "no video"
    print(f"{dataset}: {told}; {len(left_out)} left out, all told in {dataset / TABLE_FILE}")
    if splits:
        print(f"Annotate them: rackfocus annotate {dataset}")


def export(cfg: DictConfig) -> None:
    """Export the annotations of a folder to one CSV file."""
    target = _out(cfg, "a file to write, such as targets.csv")
    annotations = annotations_in(cfg.source)
    write_csv(annotations, target, annotator=cfg.annotator or "")
    count = sum(len(annotation.targets) for annotation in annotations.values())
    print(f"{target}: {count} targets of {len(annotations)} videos")


def import_(cfg: DictConfig) -> None:
    """Write the annotations of a CSV file to a folder; existing ones that differ are not overwritten."""
    folder = _out(cfg, "a folder to write to")
    annotations = read_csv(Path(cfg.source), annotator=cfg.annotator)
    for name, annotation in annotations.items():
        path = folder / name
        if path.exists() and load_annotation(path) != annotation:
            raise InputError(f"{path} is there and says something else; import into another folder.")
    for name, annotation in annotations.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        save_annotation(folder / name, annotation)
    print(f"{folder}: {len(annotations)} annotations")


def agreement(cfg: DictConfig) -> None:
    """Measure the agreement of two annotators."""
    if cfg.other is None:
        raise InputError("Agreement takes two folders, one of each annotator: rackfocus vaf agreement A B.")
    both = annotations_in(cfg.source), annotations_in(cfg.other)
    with progress_bar("comparing", "videos") as progress:
        rows = agreement_rows(*both, videos=cfg.videos, tolerance_s=cfg.tolerance_s, progress=progress)
    summary = [mean_row(rows)]
    Console(width=None if Console().is_terminal else 132).print(printed_table(rows, summary))
    if cfg.out is not None:
        write_rows([*rows, *summary], Path(cfg.out))
        print(cfg.out)


def _out(cfg: DictConfig, what: str) -> Path:
    if cfg.out is None:
        raise InputError(f"`rackfocus vaf {cfg.what}` needs --out, {what}.")
    return Path(cfg.out)


SUBJECTS = {"build": build, "export": export, "import": import_, "agreement": agreement}
