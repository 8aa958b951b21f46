"""`rackfocus batch`: a pipeline for each video of a folder."""

import dataclasses
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra import compose
from hydra.errors import HydraException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from rich.console import Console

from rackfocus.batch.manifest import Entry, manifest
from rackfocus.batch.parts import Part, count_frames, parts_of
from rackfocus.batch.report import REPORT_CSV, State, summary, write_report
from rackfocus.batch.run import VideoWork, run_batch
from rackfocus.batch.video_job import NOTES, Pipeline, VideoJob
from rackfocus.cli.autofocus import find_as_set
from rackfocus.cli.command import config_sentence, run_command
from rackfocus.cli.configs.arguments import key_of, known_settings, overrides, own_settings, quoted
from rackfocus.cli.make_clip import make_clip_as_set
from rackfocus.cli.progress import progress_bar
from rackfocus.cli.refocus import parse_model, refocus_as_set
from rackfocus.jobs.job import Report
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.models.checkpoints import load_model
from rackfocus.one_writer import one_writer
from rackfocus.types import InputError

SOME_FAILED = 1
"""The exit code where some videos failed."""


def make_refocused(settings: Mapping[str, Any], report: Report) -> None:
    """Run `rackfocus refocus` with these settings."""
    cfg = OmegaConf.create(dict(settings))
    refocus_as_set(cfg, cfg.source, cfg.target, _model(cfg), lambda done, _total: report(done))


def make_clip(settings: Mapping[str, Any], report: Report) -> None:
    """Run `rackfocus make-clip` with these settings."""
    cfg = OmegaConf.create(dict(settings))
    make_clip_as_set(cfg, _model(cfg), lambda done, _total: report(done))


def find_focus(settings: Mapping[str, Any], report: Report) -> None:  # noqa: ARG001
    """Run `rackfocus autofocus` with these settings; it goes through a video twice and reports no frames."""
    cfg = OmegaConf.create(dict(settings))
    find_as_set(cfg, _model(cfg))


@dataclasses.dataclass(frozen=True)
class _Command:
    """A command that makes a result of a video.

    Attributes:
        config: its configuration.
        run: runs it in a worker.
        suffix: of its results.
        target: the setting that names the result.
        given: the settings that a batch itself gives for each video, or that make no sense for many.
        has_parts: whether it can make a part of a result.
        takes_clips: whether it takes refocusable clips, too.
    """

    config: str
    run: Pipeline
    suffix: str
    target: str
    given: tuple[str, ...]
    has_parts: bool
    takes_clips: bool


COMMANDS = {
    "refocus": _Command(
        "refocus", make_refocused, ".mp4", "target", ("part", "preview"), has_parts=True, takes_clips=True
    ),
    "make-clip": _Command(
        "make_clip", make_clip, ".rvr", "target", ("part",), has_parts=True, takes_clips=False
    ),
    "autofocus": _Command(
        "autofocus", find_focus, ".json", "out", ("out", "picture"), has_parts=False, takes_clips=True
    ),
}
"""The choices of `pipeline`."""


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    own, of_pipeline = _told_apart(arguments)
    settings = ",".join(quoted(each) for each in overrides(of_pipeline, ()))
    return run_command(
        "batch",
        run,
        [*own, *([f"settings=[{settings}]"] if settings else [])],
        positional=("source", "target"),
    )


def run(cfg: DictConfig) -> None:
    """Make the results of all videos of `cfg.source` that are not there yet."""
    if cfg.pipeline not in COMMANDS:
        raise InputError(f"pipeline must be one of {', '.join(COMMANDS)}, and is {cfg.pipeline}.")
    command, target = COMMANDS[cfg.pipeline], Path(cfg.target)
    entries = manifest(
        Path(cfg.source),
        target,
        suffix=cfg.suffix or command.suffix,
        clips=command.takes_clips,
        table=None if cfg.rows is None else Path(cfg.rows),
    )
    workers, composed = instantiate(cfg.batch), _composing(command, list(cfg.settings))
    work = [_work(each, command, composed, target, cfg.part_frames) for each in entries]
    target.mkdir(parents=True, exist_ok=True)
    with one_writer(target):
        with progress_bar(f"{cfg.pipeline} of {len(entries)} videos", "frames") as progress:
            results = run_batch(work, workers, retries=cfg.retries, progress=progress)
        write_report(target, results)
    Console().print(summary(results))
    print(target / REPORT_CSV)
    if any(each.state is State.FAILED for each in results):
        sys.exit(SOME_FAILED)


def _told_apart(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The arguments of `batch` itself, and the settings of the pipeline."""
    own = own_settings("batch") | {"batch"}
    others = {name for each in COMMANDS.values() for name in known_settings(each.config)} - own
    of_pipeline = [each for each in arguments if key_of(each) in others]
    return [each for each in arguments if each not in of_pipeline], of_pipeline


def _composing(command: _Command, settings: list[str]) -> Callable[[Entry], dict[str, Any]]:
    """A function that gives the pipeline's settings for a video; those of all are composed only once."""

    @lru_cache(maxsize=1)
    def composed(*own: str) -> DictConfig:
        for each in (*settings, *own):
            if key_of(each) in ("source", *command.given):
                raise InputError(
                    f"{each} cannot be set in a batch, which does so for each video; leave it out."
                )
        names = ["source='-'", f"{command.target}='-'"]
        return compose(command.config, [*settings, *own, *names])

    def of_video(entry: Entry) -> dict[str, Any]:
        own = overrides([f"{key}={value}" for key, value in entry.settings.items()], ())
        try:
            cfg = composed(*own)
        except (HydraException, OmegaConfBaseException) as error:
            if not own:
                raise
            raise InputError(
                f"The row of {entry.name} cannot be used: {config_sentence(str(error))}"
            ) from error
        plain = OmegaConf.to_container(cfg, resolve=True)
        assert isinstance(plain, dict)
        return {str(key): value for key, value in plain.items()} | {
            "source": str(entry.source),
            command.target: str(entry.target),
        }

    return of_video


def _work(
    entry: Entry,
    command: _Command,
    composed: Callable[[Entry], dict[str, Any]],
    target: Path,
    part_frames: int | None,
) -> VideoWork:
    settings = composed(entry)
    if entry.conflict:
        return VideoWork(entry, None)
    frames = count_frames(entry.source)
    parts = parts_of(frames, part_frames)
    if not (command.has_parts and _can_be_split(settings)):
        parts = []

    def job(name: str, steps: int, part: Part | None) -> VideoJob:
        given = settings if part is None else settings | {"part": f"{part[0]}:{part[1] or ''}"}
        note = target / NOTES / f"{entry.target.relative_to(target)}.json"
        return VideoJob(
            name, steps, entry.source, entry.target, given, command.run, note if part is None else None
        )

    pieces = [
        job(f"{entry.name}, frames {part[0]}:{part[1] or ''}", (part[1] or frames or 0) - part[0], part)
        for part in parts
    ]
    whole = job(entry.name, 1 if parts else max(1, frames or 1), None)
    return VideoWork(entry, whole, frames, tuple(pieces))


def _can_be_split(settings: Mapping[str, Any]) -> bool:
    """Whether the frames of a video are made independently of each other: all of them, and none sought."""
    focus = settings.get("focus")
    is_sought = focus is not None and (
        settings.get("autofocus") is not None
        or focus["annotation"] is not None
        or all(value is None for value in focus.values())
    )
    return settings["frames"] is None and not is_sought


def _model(cfg: DictConfig) -> RGBDHDREstimator:
    """The estimator of a configuration; a worker keeps it for its next videos."""
    parts = OmegaConf.masked_copy(cfg, ["model", "checkpoint"])
    return _loaded(OmegaConf.to_yaml(parts))


@lru_cache(maxsize=1)
def _loaded(settings: str) -> RGBDHDREstimator:
    cfg = OmegaConf.create(settings)
    assert isinstance(cfg, DictConfig)
    model = parse_model(cfg)
    return load_model(model) if isinstance(model, str) else model
