"""`rackfocus evaluate video`: refocused videos by the measures of Any-to-Bokeh."""

import dataclasses
import math
from collections.abc import Sequence

from hydra.utils import instantiate
from omegaconf import DictConfig
from rich import box
from rich.console import Console
from rich.table import Table

from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.evaluate.images import found_lpips
from rackfocus.cli.progress import progress_bar
from rackfocus.cli.runs.provenance import record_provenance
from rackfocus.evaluation.public.videos import VideoScore, footage_of, score_video
from rackfocus.evaluation.reports.records import write_csv
from rackfocus.metrics.video.video_distance import I3DFeatures, VideoFID
from rackfocus.types import InputError
from rackfocus.video.flow.dis import DISFlow
from rackfocus.video.flow.optical_flow import OpticalFlow
from rackfocus.video.flow.raft import RAFTFlow

RECORDS_FILE = "video.csv"
MEAN = "mean"
HEADINGS = {
    "frames": ("frames", 0),
    "psnr": ("PSNR", 2),
    "ssim": ("SSIM", 4),
    "lpips": ("LPIPS", 4),
    "change_error": ("RM", 5),
    "flow_error": ("flow error px", 3),
    "vepi": ("VEPI", 4),
    "vepi_smoothness": ("smoothness", 4),
    "warped_error": ("warping error", 5),
}
"""The heading of each score, and its digits after the point."""


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("evaluate/video", run, arguments)


def run(cfg: DictConfig) -> None:
    """Measure every video, then write and print the table, with the distance over all of them."""
    folder = run_folder()
    record_provenance(cfg, folder)
    footage = footage_of(cfg.video, cfg.truth, cfg.sharp, cfg.masks)
    flow: OpticalFlow = instantiate(cfg.flow) if cfg.get("flow") else _raft_or_dis()
    lpips = found_lpips() if cfg.truth is not None else None
    distance = _distance(cfg.i3d) if cfg.truth is not None else None
    scores: list[VideoScore] = []
    with progress_bar("measuring", "videos") as progress:
        for done, one in enumerate(footage):
            scores.append(score_video(one, flow=flow, lpips=lpips, distance=distance))
            progress(done + 1, len(footage))
    rows = [*scores, _mean(scores)] if len(scores) > 1 else scores
    name = type(flow).__name__.removesuffix("Flow")
    fid = math.nan if distance is None else distance.compute()
    columns = ["video", *HEADINGS, "video_fid", "flow"]
    written = [dataclasses.asdict(row) | {"video_fid": math.nan, "flow": name} for row in rows]
    written[-1]["video_fid"] = fid
    blank = [{key: "" if value != value else value for key, value in row.items()} for row in written]
    write_csv(columns, blank, folder / RECORDS_FILE)
    Console(width=None if Console().is_terminal else 132).print(_table(rows))
    print(f"Motion by {name}.")
    if distance is not None:
        told = "needs two clips of 10 frames or more" if math.isnan(fid) else f"{fid:.2f}"
        print(f"Video FID of all: {told}")
    print(f"The scores: {folder}")


def _raft_or_dis() -> OpticalFlow:
    try:
        return RAFTFlow()
    except InputError as error:
        print(f"No RAFT, DIS in its place: {error}")
        return DISFlow(preset="medium")


def _distance(weights: str) -> VideoFID | None:
    try:
        return VideoFID(I3DFeatures(weights))
    except InputError as error:
        print(f"No video FID: {error}")
        return None


def _mean(scores: Sequence[VideoScore]) -> VideoScore:
    """The means over videos; `frames` of all of them."""
    values: dict[str, float] = {}
    for name in HEADINGS:
        known = [value for score in scores if not math.isnan(value := getattr(score, name))]
        values[name] = sum(known) / len(known) if known else math.nan
    return VideoScore(
        MEAN, sum(score.frames for score in scores), **{n: v for n, v in values.items() if n != "frames"}
    )


def _table(rows: Sequence[VideoScore]) -> Table:
    table = Table(box=box.SIMPLE)
    table.add_column("video")
    told = [name for name in HEADINGS if any(not math.isnan(getattr(row, name)) for row in rows)]
    for name in told:
        table.add_column(HEADINGS[name][0], justify="right")
    for row in rows:
        cells = ((getattr(row, name), HEADINGS[name][1]) for name in told)
        table.add_row(
            row.video, *("" if value != value else f"{value:.{digits}f}" for value, digits in cells)
        )
    return table
