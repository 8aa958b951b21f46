"""`rackfocus prepare views`: compute the photographs of light fields once, for fast loading."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from rackfocus.cli.command import run_command
from rackfocus.cli.configs.splits import present_splits
from rackfocus.cli.progress import progress_bar
from rackfocus.data.apertures.light_fields.samples import LightFieldSamples
from rackfocus.data.apertures.prepared_views import FORMAT
from rackfocus.data.preparation.made_of import remember_settings
from rackfocus.data.preparation.views import prepare_split
from rackfocus.types import InputError


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("prepare/views", run, arguments)


def run(cfg: DictConfig) -> None:
    """Prepare every split that is there; of those, what is not prepared yet."""
    there = present_splits(cfg)
    for dataset in there.values():
        if not isinstance(dataset, LightFieldSamples):
            raise InputError("Views are of light fields; give data=flower or data=light_field.")
    root = Path(cfg.folder)
    remember_settings(root / "views.json", FORMAT | {"data": OmegaConf.to_container(cfg.data, resolve=True)})
    for split, dataset in there.items():
        with progress_bar(split, "light fields") as progress:
            prepare_split(dataset, root, split, workers=cfg.workers, progress=progress)
        print(f"{split}: {len(dataset)} samples of {len(dataset.paths)} light fields")
    print(f"Train on them: data=prepared_views data.root={root}")
