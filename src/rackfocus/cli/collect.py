"""`rackfocus collect`: one table of many trainings."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from omegaconf import DictConfig

from rackfocus.cli.command import run_command
from rackfocus.cli.configs.arguments import OPTIONS_WITH_VALUE, quoted
from rackfocus.cli.runs.collected import collect, trainings
from rackfocus.types import InputError


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    folders: list[str] = []
    settings: list[str] = []
    for before, one in pairwise(["", *arguments]):
        names = "=" not in one and not one.startswith("-") and before not in OPTIONS_WITH_VALUE
        (folders if names else settings).append(one)
    if folders:
        settings.append(f"folders=[{','.join(map(quoted, folders))}]")
    return run_command("collect", run, settings)


def run(cfg: DictConfig) -> None:
    """Find the trainings and measure their networks.

    Raises:
        InputError: no training has a row.
    """
    jobs = trainings(map(Path, cfg.folders))
    left_out = collect(jobs, Path(cfg.out), root=Path(cfg.root) if cfg.root else None)
    for job, reason in left_out.items():
        print(f"{job} has no row: {reason}")
    if len(left_out) == len(jobs):
        raise InputError("No training has a row, so there is no table; see above why.")
