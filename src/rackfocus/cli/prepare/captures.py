"""`rackfocus prepare captures`: manifest and report of photographs of several apertures or focal planes."""

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig

from rackfocus.cli.command import run_command
from rackfocus.cli.progress import progress_bar
from rackfocus.data.apertures.aperture import ApertureScene, aperture_scenes
from rackfocus.data.apertures.focal_stack import stack_photographs
from rackfocus.data.apertures.manifest import Manifest, Photograph, Rejection, as_matrix, write_manifest
from rackfocus.data.preparation.captures import Limits, aperture_items, focal_items, judge
from rackfocus.evaluation.reports.pages.preparation_page import Row, report_row, write_report
from rackfocus.one_writer import one_writer
from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import read_json
from rackfocus.types import InputError
from rackfocus.whole_files import write_whole

WORK_VERSION = 1
"""Version of the stored results; to be increased when their content or the judgement of a shot changes."""


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    plain = ["skip_broken=true" if argument == "--skip-broken" else argument for argument in arguments]
    return run_command("prepare/captures", run, plain)


def run(cfg: DictConfig) -> None:
    """Judge every shot, then write the manifest and the report."""
    folder, output = Path(cfg.folder), Path(cfg.manifest)
    if output.suffix != ".json":
        raise InputError(f"manifest={output} must end in .json; the report is written beside it.")
    limits: Limits = instantiate(cfg.limits)
    if cfg.deep is None:
        scenes = aperture_scenes(folder)
    else:
        composite, slices = stack_photographs(folder, cfg.deep)
        scenes = [ApertureScene(folder.name, composite, tuple(slices))]
    output.parent.mkdir(parents=True, exist_ok=True)
    with one_writer(output):
        _prepare(cfg, scenes, limits, output)


def _prepare(cfg: DictConfig, scenes: Sequence[ApertureScene], limits: Limits, output: Path) -> None:
    """Judge every shot, and write what is found."""
    folder, work = Path(cfg.folder), output.with_name(f".{output.name}.work")
    work.mkdir(exist_ok=True)
    rows: list[Row] = []
    broken: list[str] = []
    accepted: dict[str, list[Photograph]] = {scene.name: [] for scene in scenes}
    rejected: list[Rejection] = []
    shots = [(scene, shot) for scene in scenes for shot in scene.shots]
    with progress_bar("aligning", "photographs") as progress:
        for number, (scene, shot) in enumerate(shots):
            progress(number, len(shots))
            try:
                found, row = _judged(scene.deep, shot, limits, work)
            except InputError as error:
                if not cfg.skip_broken:
                    raise
                broken.append(str(error))
                continue
            rows.append(row)
            if row.reason is None:
                accepted[scene.name].append(found)
            else:
                rejected.append(Rejection(shot.file, row.reason))
        progress(len(shots), len(shots))
    if cfg.deep is None:
        items = aperture_items(scenes, accepted)
    else:
        items, unclear = focal_items(scenes[0].deep, accepted[folder.name], near_to_far=cfg.near_to_far)
        rejected += unclear
    report = output.with_suffix(".html")
    write_report(report, rows, broken, _facts(cfg, limits, len(items)))
    write_manifest(output, Manifest(tuple(items), tuple(rejected)), root=folder)
    shutil.rmtree(work)
    _tell(rows, broken, rejected)
    print(f"{len(items)} pairs and triplets: {output}\nLook at {report}")


def _judged(deep: Photograph, shot: Photograph, limits: Limits, work: Path) -> tuple[Photograph, Row]:
    """The judged shot and its row; reused from an earlier run if neither files nor limits have changed."""
    key = [WORK_VERSION, repr(limits), *(_signature(photograph.file) for photograph in (deep, shot))]
    kept = work / f"{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:24]}.json"
    if kept.is_file():
        with reading(kept, "is damaged; remove it."):
            about = read_json(kept)
            row = Row(tuple(about["numbers"]), about["reason"], about["pictures"])
            warp = None if about["warp"] is None else as_matrix(about["warp"])
            return dataclasses.replace(shot, gain=about["gain"], warp=warp), row
    judged, views = judge(deep, shot, limits)
    row = report_row(judged, views)
    about = dataclasses.asdict(row) | {"gain": judged.shot.gain, "warp": judged.shot.warp}
    write_whole(kept, json.dumps(about).encode())
    return judged.shot, row


def _signature(file: Path) -> list[str | int]:
    try:
        about = file.stat()
    except OSError as error:
        raise InputError(f"{file} is missing; put it back or take its scene out of the folder.") from error
    return [str(file.resolve()), about.st_size, about.st_mtime_ns]


def _facts(cfg: DictConfig, limits: Limits, items: int) -> dict[str, str]:
    about = {"photographs": str(Path(cfg.folder).resolve()), "manifest": str(Path(cfg.manifest).resolve())}
    about |= {"pairs and triplets": str(items)}
    return about | {f"limits.{name}": f"{value:g}" for name, value in dataclasses.asdict(limits).items()}


def _tell(rows: Sequence[Row], broken: Sequence[str], rejected: Sequence[Rejection]) -> None:
    for row in rows:
        name, _, tiles, before, after, _, gain, _ = row.numbers
        verdict = "accepted" if row.reason is None else "rejected"
        print(f"{verdict}  {name:<24} off {before:>9} -> {after:>8} ({tiles:>3} tiles)  gain {gain}")
    for entry in rejected:
        print(f"rejected {entry.file.name} because {entry.reason}")
    for sentence in broken:
        print(f"broken: {sentence}")
