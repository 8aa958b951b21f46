"""`rackfocus autofocus`: find the focus targets of a video."""

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig

from rackfocus.cli.command import run_command
from rackfocus.cli.configs.ranges import parse_range
from rackfocus.cli.progress import Progress, progress_bar
from rackfocus.cli.refocus import parse_model
from rackfocus.device import choose_device
from rackfocus.evaluation.reports.focus_timeline import draw_timeline, thumbnails_at
from rackfocus.focus.annotation.json_file import load_annotation, save_annotation
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.one_writer import one_writer
from rackfocus.pipelines.focusing.autofocus import annotation_of, autofocus, open_footage
from rackfocus.types import FocusAnnotation, FocusTarget, InputError


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("autofocus", run, arguments, positional=("source",), options=("out", "picture"))


def run(cfg: DictConfig) -> None:
    """Find the focus targets of `cfg.source` and write them to `cfg.out`."""
    with progress_bar("looking for focus", "frames, twice") as progress:
        found = find_as_set(cfg, parse_model(cfg), progress)
    for warning in found.warnings:
        print(f"rackfocus autofocus: {warning}", file=sys.stderr)
    print(f"{cfg.out}: {len(found.targets)} targets")
    for target in found.targets:
        reason = f": {target.why}" if target.why else ""
        print(f"  frame {target.t} ({target.t / found.fps:.2f} s){reason}")
    if cfg.picture is not None:
        print(cfg.picture)


@dataclass(frozen=True)
class Found:
    """The targets that were found, the rate of the video, and what people should know about them."""

    targets: tuple[FocusTarget, ...]
    fps: float
    warnings: tuple[str, ...]


def find_as_set(cfg: DictConfig, model: RGBDHDREstimator | str, progress: Progress | None = None) -> Found:
    """Find focus targets by the settings of `conf/autofocus.yaml`; those of others in `cfg.out` are kept."""
    first, last = parse_range("frames", cfg.frames)
    if first:
        raise InputError(f"Autofocus begins with the first frame; write frames=:{last or ''}.")
    if cfg.picture is not None and Path(cfg.picture).suffix.lower() != ".png":
        raise InputError(f"picture must end in .png, and is {cfg.picture}.")
    scene, puller = instantiate(cfg.autofocus), instantiate(cfg.puller)
    footage = {
        "disparity": cfg.disparity,
        "model": model,
        "network_size_px": cfg.network_size_px,
        "longer_side_px": cfg.longer_side_px,
        "last": last,
        "fps": cfg.fps,
        "damaged": cfg.damaged,
        "interlaced": cfg.interlaced,
        "hwaccel": cfg.hwaccel,
        "video": cfg.video,
        "device": choose_device(cfg.device),
    }
    with one_writer(Path(cfg.out)):
        with open_footage(cfg.source, **footage) as opened:
            empty = annotation_of(opened, puller)
        before = known_annotation(Path(cfg.out), empty)
        track = autofocus(
            cfg.source,
            scene,
            targets=[target for target in before.targets if target.source != scene.source],
            tracker=instantiate(cfg.tracker),
            puller=puller,
            progress=progress,
            **footage,
        )
        save_annotation(cfg.out, dataclasses.replace(before, targets=track.targets))
        if cfg.picture is not None:
            with open_footage(cfg.source, **footage) as opened:
                draw_timeline(
                    Path(cfg.picture),
                    track,
                    fps=float(opened.reader.info.fps),
                    thumbnails=thumbnails_at(track.targets, opened, scene),
                )
    found = tuple(target for target in track.targets if target.source == scene.source)
    return Found(found, before.video.fps, tuple(track.warnings))


def known_annotation(path: Path, empty: FocusAnnotation) -> FocusAnnotation:
    """The existing annotation at `path`; `empty` if there is none.

    Raises:
        InputError: the file cannot be read, or belongs to another video.
    """
    if not path.exists():
        return empty
    known = load_annotation(path)
    if known.video.sha256 != empty.video.sha256:
        raise InputError(f"{path} belongs to another video, {known.video.name}; write to another place.")
    return known
