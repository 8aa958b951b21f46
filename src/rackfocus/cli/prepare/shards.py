"""`rackfocus prepare shards`: write the samples of any data set into few large files."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from rackfocus.cli.command import run_command
from rackfocus.cli.configs.splits import present_splits
from rackfocus.cli.progress import progress_bar
from rackfocus.data.preparation.made_of import remember_settings
from rackfocus.data.preparation.shards import FORMAT, write_shards


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("prepare/shards", run, arguments)


def run(cfg: DictConfig) -> None:
    """Write every split that is there; of those, the shards that are not written yet."""
    root, settings = Path(cfg.folder), OmegaConf.to_container(cfg.data, resolve=True)
    there = present_splits(cfg)
    remember_settings(root / "shards.json", FORMAT | {"data": settings, "samples_each": cfg.samples_each})
    for split, dataset in there.items():
        with progress_bar(split, "samples") as progress:
            write_shards(
                dataset, root, split, samples_each=cfg.samples_each, workers=cfg.workers, progress=progress
            )
        print(f"{split}: {len(dataset)} samples in shards of {cfg.samples_each}")
    print(f"Train on them: data=shards data.root={root}")
