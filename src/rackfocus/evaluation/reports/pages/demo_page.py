"""The demo's page: one HTML file with embedded pictures and videos."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
import torch

from rackfocus.data.apertures.raytraced import load_scene
from rackfocus.evaluation.images.raytraced import network_method, render_target, targets
from rackfocus.evaluation.reports.columns import BRIEF, COLUMNS
from rackfocus.evaluation.reports.focus_timeline import Truth, draw_timeline, thumbnails_at
from rackfocus.evaluation.reports.pages.html_page import html_page
from rackfocus.evaluation.reports.pictures import (
    HDR_STOPS,
    data_uri,
    difference_picture,
    disparity_picture,
    file_uri,
    picture,
)
from rackfocus.evaluation.reports.summary import Summary, cells
from rackfocus.focus.modes import scene_specific
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.optics.radiometry import srgb_to_linear
from rackfocus.pipelines.focusing.autofocus import autofocus, open_footage
from rackfocus.reading.json_text import read_json
from rackfocus.types import FocusTarget, FocusTrack
from rackfocus.whole_files import write_whole

DIFFERENCE_GAIN = 4


@dataclass(frozen=True)
class Curve:
    """A training curve: the smoothed loss over the steps, as an SVG path in a box of 640 x 200.

    The loss runs from 0 at the bottom to `top`; `first` and `last` are the means of its first and last tenth.
    """

    path: str
    steps: int
    first: float
    last: float
    top: float


@torch.inference_mode()
def scene_pictures(folder: Path, model: RGBDHDREstimator) -> dict[str, str]:
    """Pictures of one test scene by caption, as data URIs."""
    scene = load_scene(folder)
    estimate = network_method("network", model).estimate(scene)
    photograph, ratio, focal_disparity = targets(scene)["f/2"]
    reach = float(scene.disparity.abs().max())
    rendered = render_target(estimate, ratio, focal_disparity)
    return {
        "input, everything sharp": data_uri(picture(srgb_to_linear(scene.deep_srgb[None]))),
        "rendered at f/2": data_uri(picture(rendered)),
        "ground truth at f/2": data_uri(picture(photograph)),
        "predicted disparity": data_uri(disparity_picture(estimate.disparity, reach_px=reach)),
        "true disparity": data_uri(disparity_picture(scene.disparity[None], reach_px=reach)),
        f"rendered less ground truth, times {DIFFERENCE_GAIN}": data_uri(
            difference_picture(rendered, photograph, gain=DIFFERENCE_GAIN)
        ),
        "input, 3 stops darker": data_uri(picture(srgb_to_linear(scene.deep_srgb[None]), stops=HDR_STOPS)),
        "predicted HDR, 3 stops darker": data_uri(picture(estimate.radiance, stops=HDR_STOPS)),
        "true HDR, 3 stops darker": data_uri(picture(scene.radiance[None], stops=HDR_STOPS)),
    }


def clip_timeline(folder: Path, path: Path) -> tuple[FocusTrack, FocusTarget]:
    """Draw autofocus in a ray-traced clip of one event with the truth, as PNG; returns both.

    Its input is the clip's true disparity.
    """
    known = read_json(folder / "clip.json")
    event = known["event"]
    subjects = [frame["first" if frame["frame"] < event["frame"] else "walker"] for frame in known["frames"]]
    opening = FocusTarget(0, *_place(subjects[0]["point"], subjects[0]["box"]))
    true = FocusTarget(event["frame"], *_place((event["x"], event["y"]), event["box"]))
    video, disparity, scene = folder / "clip.mp4", folder / "disparity", scene_specific("action")
    track = autofocus(video, scene, disparity=disparity)
    with open_footage(video, disparity=disparity) as footage:
        draw_timeline(
            path,
            track,
            fps=known["fps"],
            thumbnails=thumbnails_at(track.targets, footage, scene),
            truth=Truth((opening, true), np.array([subject["focal_disparity"] for subject in subjects])),
        )
    return track, true


def _place(
    point: Sequence[float], box: Sequence[float]
) -> tuple[float, float, tuple[float, float, float, float]]:
    left, top, right, bottom = box
    x, y = point
    return x, y, (left, top, right, bottom)


def training_curve(metrics: Path) -> Curve:
    """The curve of `train/loss` in Lightning's `metrics.csv`."""
    with metrics.open(newline="", encoding="utf-8") as file:
        found = ((row["step"], row.get("train/loss")) for row in csv.DictReader(file))
        points = [(int(step), float(loss)) for step, loss in found if loss]
    losses = [loss for _, loss in points]
    smooth = _smoothed(losses)
    top, last_step = max(smooth), points[-1][0]
    path = " ".join(
        f"{640 * step / max(last_step, 1):.1f},{200 - 200 * loss / top:.1f}"
        for (step, _), loss in zip(points, smooth, strict=True)
    )
    tenth = max(1, len(losses) // 10)
    return Curve(path, last_step + 1, fmean(losses[:tenth]), fmean(losses[-tenth:]), top)


def write_page(
    path: Path,
    *,
    scenes: dict[str, dict[str, str]],
    summaries: Sequence[Summary],
    curve: Curve,
    psnr_before: float,
    psnr_after: float,
    videos: dict[str, Path],
    timeline: Path,
    facts: dict[str, str],
) -> None:
    """Write the page atomically: scenes by name with pictures by caption, the table, the training loss, the
    PSNR of the validation scenes in dB before and after training, `.mp4` files by caption, the timeline as
    PNG, and further facts by name.
    """
    page = html_page(
        "reports/pages/demo_page.html.j2",
        scenes=scenes,
        headings=["method", *(COLUMNS[name].heading for name in BRIEF)],
        rows=[cells(summary, BRIEF) for summary in summaries],
        curve=curve,
        psnr_before=psnr_before,
        psnr_after=psnr_after,
        videos={caption: file_uri(video.read_bytes(), "video/mp4") for caption, video in videos.items()},
        timeline=file_uri(timeline.read_bytes(), "image/png"),
        facts=facts,
    )
    write_whole(path, page)


def _smoothed(values: Sequence[float], momentum: float = 0.97) -> list[float]:
    """Exponential moving average, corrected for the bias of the first values towards 0."""
    smooth, total, weight = [], 0.0, 0.0
    for value in values:
        total = momentum * total + (1 - momentum) * value
        weight = momentum * weight + (1 - momentum)
        smooth.append(total / weight)
    return smooth
