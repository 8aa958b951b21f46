"""`rackfocus render-scenes`: ray-traced training scenes, clips with focus events, and the demo clip."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig

from rackfocus.cli.command import run_command
from rackfocus.cli.configs.ranges import parse_range
from rackfocus.cli.progress import progress_bar
from rackfocus.jobs.run_jobs import run_jobs
from rackfocus.one_writer import one_writer
from rackfocus.scenes.clips.dolly import render_clip
from rackfocus.scenes.clips.events import ClipJob
from rackfocus.scenes.clips.story import KINDS
from rackfocus.scenes.files import write_checksums
from rackfocus.scenes.triplet_jobs import render_scenes
from rackfocus.types import InputError

SPLITS = ("train", "validation", "test")


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("render_scenes", run, arguments)


def run(cfg: DictConfig) -> None:
    """Render the scenes and clips that do not exist yet."""
    folder = Path(cfg.folder)
    size = {"width": cfg.width, "height": cfg.height, "variant": cfg.variant}
    splits = {split: _seeds(split, cfg[split]) for split in SPLITS if cfg[split] is not None}
    clips = _clips(folder, cfg)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with one_writer(folder):
        _render(cfg, folder, splits, clips, size)


def _render(
    cfg: DictConfig,
    folder: Path,
    splits: Mapping[str, Sequence[int]],
    clips: Sequence[ClipJob],
    size: Mapping[str, Any],
) -> None:
    """Render what does not exist yet in the folder."""
    workers = cfg.workers if cfg.batch is None else instantiate(cfg.batch)
    with progress_bar("rendering", "scenes") as progress:
        places = render_scenes(
            folder,
            splits=splits,
            samples_per_pixel=cfg.samples_per_pixel,
            blur_px=cfg.blur_px,
            workers=workers,
            progress=lambda _name, done, total: progress(done, total),
            **size,
        )
    print(f"{len(places)} scenes in {folder}")
    if clips:
        with progress_bar("rendering clips", "frames") as progress:
            run_jobs(clips, workers=workers, progress=lambda _name, done, total: progress(done, total))
        print(f"{len(clips)} clips in {folder / 'clips'}")
    if cfg.clip:
        with progress_bar("rendering the clip", "frames") as progress:
            clip = render_clip(
                folder / "clip", progress=lambda _name, done, total: progress(done, total), **size
            )
        print(f"the clip: {clip}")
    print(f"checksums: {write_checksums(folder)}")


def _clips(folder: Path, cfg: DictConfig) -> list[ClipJob]:
    """One clip per seed; the kinds of clips alternate."""
    if cfg.clips is None:
        return []
    kinds = list(cfg.kinds)
    if not kinds or any(kind not in KINDS for kind in kinds):
        raise InputError(f"kinds={cfg.kinds} must name some of {', '.join(KINDS)}; write kinds=[speaks].")
    if cfg.clip_frames < 8 or cfg.clip_fps < 1:
        raise InputError(
            f"A clip needs clip_frames of 8 or more and clip_fps of 1 or more, and got {cfg.clip_frames} and "
            f"{cfg.clip_fps}."
        )
    return [
        ClipJob(
            folder,
            kinds[seed % len(kinds)],
            seed,
            frames=cfg.clip_frames,
            fps=cfg.clip_fps,
            width=cfg.width,
            height=cfg.height,
            samples_per_pixel=cfg.clip_samples_per_pixel,
            variant=cfg.variant,
        )
        for seed in _seeds("clips", cfg.clips)
    ]


def _seeds(split: str, text: str) -> range:
    first, last = parse_range(split, text)
    if last is None:
        raise InputError(f"{split}={text} needs an end; write first:last, such as {split}=0:24.")
    return range(first, last)
