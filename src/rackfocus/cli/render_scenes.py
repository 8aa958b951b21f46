"""`rackfocus render-scenes`: ray-traced training scenes, and the clip with its focus event."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from rackfocus.cli.command import run_command
from rackfocus.cli.progress import progress_bar
from rackfocus.cli.ranges import parse_range
from rackfocus.data.scene_clip import render_clip
from rackfocus.data.scene_files import write_checksums
from rackfocus.data.scene_rendering import render_scenes
from rackfocus.types import InputError

SPLITS = ("train", "validation", "test")


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("render-scenes", run, arguments)


def run(cfg: DictConfig) -> None:
    """Render what is not there yet."""
    folder = Path(cfg.folder)
    size = {"width": cfg.width, "height": cfg.height, "variant": cfg.variant}
    splits = {split: _seeds(split, cfg[split]) for split in SPLITS if cfg[split] is not None}
    with progress_bar("rendering", "scenes") as progress:
        places = render_scenes(
            folder,
            splits=splits,
            samples_per_pixel=cfg.samples_per_pixel,
            blur_px=cfg.blur_px,
            progress=lambda _name, done, total: progress(done, total),
            **size,
        )
    print(f"{len(places)} scenes in {folder}")
    if cfg.clip:
        with progress_bar("rendering the clip", "frames") as progress:
            clip = render_clip(
                folder / "clip", progress=lambda _name, done, total: progress(done, total), **size
            )
        print(f"the clip: {clip}")
    print(f"checksums: {write_checksums(folder)}")


def _seeds(split: str, text: str) -> range:
    first, last = parse_range(split, text)
    if last is None:
        raise InputError(f"{split}={text} needs an end; write first:last, such as {split}=0:24.")
    return range(first, last)
