"""A picture of a focus track: disparity in focus over time, targets, pulls, and detector maps."""

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from rackfocus.focus.detectors.depth_change import DepthChange
from rackfocus.focus.general.general import General
from rackfocus.focus.modes import Finder
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.pipelines.estimates import VideoEstimates
from rackfocus.pipelines.focusing.analysis import clip_window
from rackfocus.pipelines.focusing.footage import Footage, FootageFrame
from rackfocus.types import FocusTarget, FocusTrack
from rackfocus.whole_files import whole_file

AROUND_S = 1.0
"""Length of the video before and after a target that is analysed for its thumbnail."""
MOST = 8
"""Largest number of thumbnails."""

_FOCUS, _TARGET, _BY_USER, _TRUTH, _LOST = "#0072b2", "#d55e00", "#009e73", "#333333", "#cc79a7"
_BLANK: Mapping[str, Any] = {"xticks": [], "yticks": []}


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """A frame, encoded RGB, with detector maps in 0..1 by the detector's name, and a target `(x, y)`."""

    frame: int
    image: UInt8[np.ndarray, "height width 3"]
    maps: Mapping[str, Float32[np.ndarray, "rows columns"]]
    target: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Truth:
    """The true focus targets, and the true focal disparity in pixels of the video. `None`: unknown."""

    targets: Sequence[FocusTarget] = ()
    focal_disparity: Float[np.ndarray, " frame"] | None = field(default=None)


def draw_timeline(
    path: Path,
    track: FocusTrack,
    *,
    fps: float,
    thumbnails: Sequence[Thumbnail] = (),
    truth: Truth | None = None,
    title: str = "",
) -> None:
    """Write the picture of a track as PNG, with thumbnails at its targets in time order."""
    detectors = list(dict.fromkeys(name for each in thumbnails for name in each.maps))
    rows = 1 + len(detectors) if thumbnails else 0
    aspect = thumbnails[0].image.shape[0] / thumbnails[0].image.shape[1] if thumbnails else 1.0
    columns = max(len(thumbnails), 4)
    figure = Figure(figsize=(12, 3.4 + rows * 12 / columns * aspect), layout="constrained")
    grid = figure.add_gridspec(
        rows + 1, columns, height_ratios=[*[12 / columns * aspect] * rows, 3.0], wspace=0.02, hspace=0.02
    )
    for column, thumbnail in enumerate(thumbnails):
        _draw_thumbnail(figure, grid, column, thumbnail, detectors)
    _draw_curve(figure.add_subplot(grid[rows, :]), track, fps, truth or Truth())
    if title:
        figure.suptitle(title)
    with whole_file(path) as draft, draft.open("wb") as file:
        FigureCanvasAgg(figure).print_png(file)


def thumbnails_at(
    targets: Sequence[FocusTarget], footage: Footage, scene: Finder, *, most: int = MOST
) -> list[Thumbnail]:
    """Thumbnails of targets in pixels of the video, evenly selected if there are more than `most`.

    The footage is read again.
    """
    if len(targets) > most:
        targets = [targets[round(at)] for at in np.linspace(0, len(targets) - 1, most)]
    detectors = scene.detectors if isinstance(scene, SceneSpecific | General) else {}
    wanted = {target.t: target for target in targets}
    found = []
    for frames, at in _windows_about(sorted(wanted), footage):
        window = clip_window(footage, frames)
        target = wanted[frames[at].index]
        x, y = ((each + 0.5) / footage.scale_to_source - 0.5 for each in (target.x, target.y))
        maps = {
            name: detect(window)[at]
            for name, detect in detectors.items()
            if window.disparity is not None or not isinstance(detect, DepthChange)
        }
        found.append(Thumbnail(target.t, frames[at].image, maps, (x, y)))
    return found


def _windows_about(wanted: Sequence[int], footage: Footage) -> Iterator[tuple[list[FootageFrame], int]]:
    """For each wanted frame: the frames around it, and its index among them."""
    reach = max(1, math.ceil(AROUND_S * float(footage.reader.info.fps)))
    held: deque[FootageFrame] = deque(maxlen=2 * reach + 1)
    open_ones = deque(wanted)
    # Estimates would take as long again as those that focus was found with.
    estimated = isinstance(footage.disparity, VideoEstimates)
    for shown in footage.pictures() if estimated else footage.frames():
        held.append(shown)
        while open_ones and open_ones[0] + reach <= shown.index:
            yield list(held), open_ones.popleft() - held[0].index
        if not open_ones:
            return
    for index in open_ones:
        if held and held[0].index <= index <= held[-1].index:
            yield list(held), index - held[0].index


def _draw_thumbnail(
    figure: Figure, grid: Any, column: int, thumbnail: Thumbnail, detectors: Sequence[str]
) -> None:
    height, width = thumbnail.image.shape[:2]
    for row, name in enumerate(["", *detectors]):
        axes = figure.add_subplot(grid[row, column])
        axes.set(**_BLANK)
        picture = thumbnail.image
        if name:
            heat = cv2.resize(thumbnail.maps[name], (width, height), interpolation=cv2.INTER_LINEAR)
            picture = _overlaid(picture, heat)
        axes.imshow(picture)
        axes.plot(*thumbnail.target, marker="D", color=_TARGET, markeredgecolor="white", markersize=6)
        axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
        if not name:
            axes.set_title(f"frame {thumbnail.frame}", fontsize=8)
        elif column == 0:
            axes.set_ylabel(name, fontsize=8)


def _overlaid(
    image: UInt8[np.ndarray, "height width 3"], heat: Float32[np.ndarray, "height width"]
) -> UInt8[np.ndarray, "height width 3"]:
    """A detector map in orange over the frame in grey."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)[..., None].repeat(3, axis=2)
    share = 0.75 * np.clip(heat, 0, 1)[..., None]
    return ((1 - share) * 0.7 * grey + share * np.array([255, 120, 0], np.float32)).astype(np.uint8)


def _draw_curve(axes: Any, track: FocusTrack, fps: float, truth: Truth) -> None:
    count = len(track.focal_disparity)
    frames = np.arange(count)
    for begin, arrival in track.pulls:
        axes.axvspan(begin, arrival, color=_FOCUS, alpha=0.15, lw=0)
    lost = track.confidence <= 0
    axes.fill_between(
        frames, 0, 0.03, where=lost, step="mid", color=_LOST, lw=0, transform=axes.get_xaxis_transform()
    )
    if truth.focal_disparity is not None:
        axes.plot(truth.focal_disparity, color=_TRUTH, lw=1, ls="--", label="true disparity of the subject")
    axes.plot(frames, track.focal_disparity, color=_FOCUS, lw=1.8, label="disparity in focus")
    for target in truth.targets:
        level = truth.focal_disparity if truth.focal_disparity is not None else track.focal_disparity
        if target.t < count:
            axes.plot(target.t, level[target.t], "D", mfc="none", mec=_TRUTH, ms=9, ls="")
    for target in track.targets:
        if target.t < count:
            colour = _BY_USER if target.source == "user" else _TARGET
            at = target.t, track.focal_disparity[target.t]
            axes.plot(*at, "D", color=colour, mec="white", ms=8, ls="")
            axes.annotate(target.why, at, (4, 7), textcoords="offset points", fontsize=7, parse_math=False)
    handles, labels = axes.get_legend_handles_labels()
    handles += [
        axes.plot([], [], "D", color=_TARGET, mec="white", ms=8, ls="")[0],
        Rectangle((0, 0), 1, 1, color=_FOCUS, alpha=0.15, lw=0),
    ]
    labels += ["new focus target", "focus pull"]
    if any(target.source == "user" for target in track.targets):
        handles.append(axes.plot([], [], "D", color=_BY_USER, mec="white", ms=8, ls="")[0])
        labels.append("target by a user")
    if truth.targets:
        handles.append(axes.plot([], [], "D", mfc="none", mec=_TRUTH, ms=9, ls="")[0])
        labels.append("true target")
    if lost.any():
        handles.append(Rectangle((0, 0), 1, 1, color=_LOST, lw=0))
        labels.append("subject lost or not followed")
    axes.legend(
        handles, labels, loc="upper left", bbox_to_anchor=(0, -0.18), ncols=6, fontsize=8, frameon=False
    )
    axes.set(xlim=(-0.5, max(count - 0.5, 0.5)), xlabel="frame", ylabel="disparity (px), behind is up")
    axes.margins(y=0.15)
    seconds = axes.secondary_xaxis("top", functions=(lambda at: at / fps, lambda at: at * fps))
    seconds.set_xlabel("seconds", fontsize=8)
    seconds.tick_params(labelsize=8)
    axes.grid(visible=True, lw=0.4, color="#dddddd")
