"""Table of saliency scores, as DHF1K computes them, of detectors and of AF-Net's focus region."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.data.gaze.fixations import counted_points, fixation_counts, resized_points
from rackfocus.data.gaze.focus_clip import FocusClip
from rackfocus.evaluation.autofocus.focus_table import LEFT_OUT, Progress, Row, Value, mean
from rackfocus.evaluation.autofocus.gaze.gaze_focus import (
    best_points,
    centre_points,
    map_maxima,
    share_met,
    watched_frames,
)
from rackfocus.focus.detectors.window import ClipWindow, Detector
from rackfocus.metrics.saliency import SCORES, SaliencyScore
from rackfocus.types import InputError

CENTRE, BEST = "centre", "best point"
MET = "met"
"""Column: share of the fixations within 5 % of the diagonal of the map's maximum."""
CENTRE_SPREAD = 0.2
"""Standard deviation of the centre map, in widths and heights, as in `rackfocus.focus.detectors.centred`."""

Maps = Float[Tensor, "frame 1 height width"]


@dataclass(frozen=True)
class GazeSet:
    """The videos of a gaze data set.

    Attributes:
        videos: makes the data set from the name of a split; each of its clips is one whole video.
        split: to evaluate.
        others: splits whose fixations are additional negatives of s-AUC.
    """

    videos: Callable[..., Dataset[FocusClip]]
    split: str
    others: Sequence[str] = ()


@dataclass(frozen=True)
class Saliency:
    """A row for each video and method (detectors by name, the centre map and the best possible point): means
    over the sampled frames with fixations.
    """

    sets: Mapping[str, GazeSet]
    detectors: Mapping[str, Detector]

    def rows(self, folder: Path, progress: Progress) -> Iterator[Row]:  # noqa: ARG002
        """Video by video; a missing data set is a row with the reason."""
        for name, gaze in self.sets.items():
            try:
                test = gaze.videos(split=gaze.split)
                pool = _pool([test, *(gaze.videos(split=split) for split in gaze.others)])
            except InputError as error:
                yield {"set": name, LEFT_OUT: str(error)}
                continue
            count = len(test)  # type: ignore[arg-type]
            for number in range(count):
                yield from self._video(name, test[number], pool)
                progress(number + 1, count)

    def summary(self, rows: Sequence[Row]) -> list[Row]:
        """Means over the videos of a set."""
        told = [row for row in rows if MET in row]
        means: list[Row] = []
        for name, method in dict.fromkeys((row["set"], row["method"]) for row in told):
            group = [row for row in told if (row["set"], row["method"]) == (name, method)]
            row: dict[str, Value] = {"set": name, "video": f"mean of {len(group)}", "method": method}
            means.append(row | {column: mean(group, column) for column in (*SCORES, MET)})
        return means

    def _video(
        self, name: str, clip: FocusClip, pool: Mapping[str, Float[Tensor, "point 2"]]
    ) -> Iterator[Row]:
        assert clip.fixations is not None
        assert clip.fixation_maps is not None
        height, width = clip.frames.shape[2:]
        size = (height, width)
        elsewhere = [points for other, points in pool.items() if other != clip.name]
        points = resized_points(torch.cat([torch.zeros(0, 2), *elsewhere]), source=(1, 1), size=size)
        others = fixation_counts(points, height=height, width=width)
        watched, about = watched_frames(clip), {"set": name, "video": clip.name.partition("/")[0]}
        maps = {method: _detected(detector, clip) for method, detector in self.detectors.items()}
        for method, made in (maps | {CENTRE: _centre(clip)}).items():
            score = SaliencyScore()
            score.update(made, clip.fixations, clip.fixation_maps, others)
            at = map_maxima(made[:, 0].double().numpy(), width=width, height=height)
            if method == CENTRE:
                at = centre_points(watched)
            scores = {each: value.item() for each, value in score.compute().items()}
            yield {**about, "method": method, **scores, MET: share_met(at, watched)}
        yield {**about, "method": BEST, MET: share_met(best_points(watched), watched)}


def _detected(detector: Detector, clip: FocusClip) -> Maps:
    """The maps of a detector, resized to the frames."""
    window = ClipWindow(
        (clip.frames.permute(0, 2, 3, 1) * 255).round().byte().numpy(),
        np.array(clip.times_s),
        np.zeros(len(clip.frames), bool),
    )
    maps = torch.from_numpy(detector(window))[:, None]
    return F.interpolate(maps, size=clip.frames.shape[2:], mode="bilinear")


def _pool(sets: Sequence[Dataset[FocusClip]]) -> dict[str, Float[Tensor, "point 2"]]:
    """The fixations of each video in coordinates relative to its width and height, with the centre at 0."""
    pool = {}
    for videos in sets:
        for number in range(len(videos)):  # type: ignore[arg-type]
            clip = videos[number]
            assert clip.fixations is not None
            size = (clip.frames.shape[2], clip.frames.shape[3])
            points = counted_points(clip.fixations.sum(0))
            pool[clip.name] = resized_points(points, source=size, size=(1, 1))
    return pool


def _centre(clip: FocusClip) -> Maps:
    """A Gaussian at the centre, for every frame."""
    down, across = (
        torch.exp(-0.5 * (((torch.arange(side) + 0.5) / side - 0.5) / CENTRE_SPREAD) ** 2)
        for side in clip.frames.shape[2:]
    )
    return (down[:, None] * across).expand(len(clip.frames), 1, -1, -1)
