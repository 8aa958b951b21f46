"""Table 2: AF-Net, action-aware autofocus, and methods without learning.

|Δt| is measured in two ways. By clips, as the paper measures AF-Net: in clips of 100 frames with one change
of focus, the most probable frame against the true one. Matched, as in Table 1: the targets of whole videos
against the true ones, with precision and recall. Both are in frames of 30 a second. |Δd| is that of Table 1,
over all frames of whole videos, including those without a change of focus.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from rackfocus.data.gaze.vaf import Vaf
from rackfocus.data.video_frames import read_frames
from rackfocus.evaluation.autofocus.focus_clips import AnnotatedClip, find_clips
from rackfocus.evaluation.autofocus.focus_scores import ScoredTable, counted_targets, target_scores
from rackfocus.evaluation.autofocus.focus_table import LEFT_OUT, PAPER_FPS, Progress, Row, Value, mean
from rackfocus.evaluation.autofocus.target_timing import (
    BASELINES,
    CLIP,
    Answer,
    Frames,
    Timer,
    most_probable,
    timed_clips,
    timing,
)
from rackfocus.focus.af_net.autofocus import AFNetAutofocus
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.metrics.focus import focal_error, timing_error
from rackfocus.pipelines.focusing.autofocus import autofocus
from rackfocus.types import FocusTarget, InputError

VAF, OURS, ACTION = "VAF-test", "ours-test", "ours-action-test"
AF_NET, ACTION_LAAF, CENTRE = "AF-Net", "Action-LAAF", "centre"
PAPER: tuple[Row, ...] = (
    {"set": VAF, "video": "the paper", "method": AF_NET, "|Δt|": 19.8},
    {"set": OURS, "video": "the paper", "method": AF_NET, "|Δd|": 2.64, "|Δt|": 24.5},
    {"set": ACTION, "video": "the paper", "method": AF_NET, "|Δd|": 2.21, "|Δt|": 21.0},
    {"set": ACTION, "video": "the paper", "method": ACTION_LAAF, "|Δd|": 1.99, "|Δt| matched": 15.1},
)

Curve = Float[np.ndarray, " frame"]
Focused = tuple[Curve, Sequence[FocusTarget] | None]
"""The disparity in focus in each frame, and the targets. `None`: the method has no targets."""
Focus = Callable[[AnnotatedClip], Focused]


@dataclass(frozen=True)
class Table2(ScoredTable):
    """A row for each video and method.

    Attributes:
        vaf: makes the test set of VAF.
        folder: of annotated videos: ours-test; see `rackfocus.evaluation.autofocus.focus_clips`.
        action_names: patterns of the names of those with action: ours-action-test.
        af_net: AF-Net.
        action: Action-LAAF.
    """

    vaf: Callable[[], Vaf]
    folder: str
    action_names: Sequence[str]
    af_net: AFNetAutofocus
    action: SceneSpecific

    def rows(self, folder: Path, progress: Progress) -> Iterator[Row]:  # noqa: ARG002
        """Video by video; a missing data set is a row with the reason."""
        clips: list[tuple[str, AnnotatedClip]] = []
        for name, find in ((VAF, self._find_vaf), (OURS, lambda: find_clips(self.folder))):
            try:
                clips += [(name, clip) for clip in find()]
            except InputError as error:
                yield {"set": name, LEFT_OUT: str(error)}
        for done, (name, clip) in enumerate(clips):
            focuses = {} if name == VAF else self._focuses()
            if any(fnmatch(clip.name, pattern) for pattern in self.action_names):
                name = ACTION
            yield from self._video(name, clip, focuses)
            progress(done + 1, len(clips))

    def summary(self, rows: Sequence[Row]) -> list[Row]:
        """|Δt| over clips, |Δd| and matched |Δt| over videos, recall and precision over targets."""
        told = [row for row in rows if "clips" in row]
        means: list[Row] = []
        for name, within in ((VAF, (VAF,)), (OURS, (OURS, ACTION)), (ACTION, (ACTION,))):
            for method in dict.fromkeys(row["method"] for row in told):
                group = [row for row in told if row["set"] in within and row["method"] == method]
                if group:
                    means.append(_mean(name, group))
        return [*means, *PAPER]

    def _find_vaf(self) -> list[AnnotatedClip]:
        vaf = self.vaf()
        return [
            AnnotatedClip(path.stem, path, annotation, None)
            for path, annotation in zip(vaf.videos, vaf.annotations, strict=True)
        ]

    def _video(self, name: str, clip: AnnotatedClip, focuses: Mapping[str, Focus]) -> Iterator[Row]:
        by_clips = self._by_clips(clip)
        truth = clip.true_focus(self.puller, **self.settings) if focuses else None
        for method in dict.fromkeys((*focuses, *by_clips)):
            row: dict[str, Value] = {"set": name, "video": clip.name, "method": method}
            row |= by_clips.get(method, {"clips": 0})
            if truth is not None and method in focuses:
                row |= self._over_frames(clip, focuses[method], truth)
            yield row

    def _by_clips(self, clip: AnnotatedClip) -> dict[str, dict[str, Value]]:
        """|Δt| of each method that predicts times; mean over the clips with a change of focus."""
        video = clip.annotation.video
        sampled = CLIP.frames(video.frames, video.fps)
        frames = read_frames(clip.video, sampled, longer_side_px=self.af_net.longer_side_px).frames
        place = {frame: number for number, frame in enumerate(sampled)}
        timed = [each for each in timed_clips(clip.annotation) if each.target is not None]
        timers: dict[str, Timer] = {AF_NET: self._most_probable, **BASELINES}
        scores: dict[str, dict[str, Value]] = {}
        for method, timer in timers.items():
            found = []
            for each in timed:
                assert each.target is not None
                shown = frames[place[each.frames[0]] : place[each.frames[-1]] + 1]
                found.append(timing(timer(shown), each.frames, each.target, video.fps))
            apart, timely = np.mean(found, axis=0).tolist() if found else (math.nan, math.nan)
            scores[method] = {"|Δt|": apart, "timely": timely, "clips": len(found)}
        return scores

    @torch.inference_mode()
    def _most_probable(self, frames: Frames) -> Answer:
        return most_probable(self.af_net.network(frames[None]).target_logits[0])

    def _focuses(self) -> dict[str, Focus]:
        def by(mode: SceneSpecific | AFNetAutofocus) -> Focus:
            def focus(clip: AnnotatedClip) -> Focused:
                track = autofocus(
                    clip.video, mode, disparity=clip.disparity, puller=self.puller, **self.settings
                )
                return track.focal_disparity, track.targets

            return focus

        def centre(clip: AnnotatedClip) -> Focused:
            with clip.footage(**self.settings) as footage:
                maps = (shown.disparity for shown in footage.frames())
                return np.array([each[each.shape[0] // 2, each.shape[1] // 2] for each in maps]), None

        return {AF_NET: by(self.af_net), ACTION_LAAF: by(self.action), CENTRE: centre}

    def _over_frames(self, clip: AnnotatedClip, focus: Focus, truth: Curve) -> dict[str, Value]:
        curve, targets = focus(clip)
        fps = clip.annotation.video.fps
        row: dict[str, Value] = {
            "|Δd|": focal_error(
                torch.from_numpy(curve).double(), torch.from_numpy(truth).double(), level_px=clip.level_px
            ).item()
        }
        if targets is None:
            return row
        matching = self.matched(clip, targets)
        return row | {
            "|Δt| matched": timing_error(matching) / fps * PAPER_FPS,
            **target_scores(matching),
        }


def _mean(name: str, rows: Sequence[Row]) -> Row:
    clips = sum(int(row["clips"]) for row in rows)

    def over_clips(column: str) -> float:
        counted = [row for row in rows if int(row["clips"])]
        return sum(float(row[column]) * int(row["clips"]) for row in counted) / clips if clips else math.nan

    row: dict[str, Value] = {
        "set": name,
        "video": f"mean of {len(rows)}",
        "method": rows[0]["method"],
        "|Δd|": mean(rows, "|Δd|"),
        "|Δt|": over_clips("|Δt|"),
        "timely": over_clips("timely"),
        "clips": clips,
        "|Δt| matched": mean(rows, "|Δt| matched"),
    }
    if any("matched" in each for each in rows):
        row |= counted_targets(rows)
    return row
