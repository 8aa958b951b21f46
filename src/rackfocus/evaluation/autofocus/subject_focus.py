"""Evaluation of focus on a subject that is known in every frame, in real videos.

Focus is found and followed as `rackfocus refocus` does, on the stabilised disparity that the video is
rendered with. There is no true disparity: this evaluates what is in focus, and how far the disparity sets it
apart from its surroundings.
"""

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rackfocus.evaluation.autofocus.focus_table import FootageTable, Progress, Row, mean
from rackfocus.focus.modes import Finder
from rackfocus.metrics.focus import level_px
from rackfocus.metrics.isolation import isolation
from rackfocus.pipelines.clip.make_clip import make_clip
from rackfocus.pipelines.clip.refocusable_clip import SUFFIX, RefocusableClip
from rackfocus.pipelines.focusing.analysis import found_targets
from rackfocus.pipelines.focusing.autofocus import follow, open_footage
from rackfocus.pipelines.focusing.footage import FrameDisparityStore
from rackfocus.reading.damage import reading
from rackfocus.reading.pictures import read_pixels
from rackfocus.reading.tables import read_rows
from rackfocus.types import FocusTarget, FocusTrack, InputError

Mask = Bool[np.ndarray, "height width"]


class Subject(Protocol):
    """A video (a file or a folder of frames) with the positions of its subject.

    Attributes:
        is_outlined: whether its masks have its outline, so that what is around them is not the subject.
    """

    video: str
    is_outlined: ClassVar[bool]

    def masks(self, width: int, height: int) -> Mapping[int, Mask]:
        """Masks of the subject by frame; frames may be missing, and masks may be empty."""
        ...


@dataclass(frozen=True)
class BoxedSubject:
    """A subject with drawn boxes in a CSV file with the columns frame, left, top, right and bottom."""

    is_outlined = False
    video: str
    boxes: str

    def masks(self, width: int, height: int) -> Mapping[int, Mask]:
        """The boxes as masks."""
        masks = {}
        path = Path(self.boxes)
        if not path.is_file():
            raise InputError(f"{path}, the boxes of a subject, is missing; name their CSV file.")
        with reading(path, "cannot be read as boxes (frame, left, top, right, bottom); correct it."):
            for row in read_rows(path):
                left, top, right, bottom = (int(row[side]) for side in ("left", "top", "right", "bottom"))
                mask = np.zeros((height, width), bool)
                mask[top : bottom + 1, left : right + 1] = True
                masks[int(row["frame"])] = mask
        return masks


@dataclass(frozen=True)
class MaskedSubject:
    """A folder of frames, and one of masks for every frame in their order, nonzero on the subject."""

    is_outlined = True
    video: str
    folder: str

    def masks(self, width: int, height: int) -> Mapping[int, Mask]:
        """The masks as stored."""
        pictures = [
            read_pixels(path, cv2.IMREAD_GRAYSCALE, "cannot be read as a mask; take it out of the folder.")
            for path in sorted(Path(self.folder).iterdir())
        ]
        if not pictures or any(each.shape != (height, width) for each in pictures):
            raise InputError(f"{self.folder} must hold masks of {width}x{height} pixels and nothing else.")
        return {index: each > 0 for index, each in enumerate(pictures)}


@dataclass(frozen=True)
class SubjectFocus(FootageTable):
    """How often the focus point is on the subject, and how well blur isolates it.

    Two rows for each video: following one target on the subject in the first frame in which it is visible,
    and autofocus.
    """

    subjects: Mapping[str, Subject]
    autofocus: Finder

    def rows(self, folder: Path, progress: Progress) -> Iterator[Row]:
        """Video by video. Estimates are held in a temporary folder in `folder`."""
        for done, (name, subject) in enumerate(self.subjects.items()):
            with tempfile.TemporaryDirectory(dir=folder) as place:
                path = Path(place) / f"{name}{SUFFIX}"
                make_clip(subject.video, path, network_size_px=self.network_size_px, device=self.device)
                clip = RefocusableClip.open(path)
                masks = subject.masks(clip.info.video.width, clip.info.video.height)
                with open_footage(subject.video, **self.settings) as footage, FrameDisparityStore() as known:
                    found, _ = found_targets(footage, self.autofocus, known)
                    followed = {
                        "one target": follow(footage, [_first(masks)], known),
                        "autofocus": follow(footage, found, known, seen=found),
                    }
                for focus, track in followed.items():
                    scores = subject_scores(track, masks, clip.disparity, is_outlined=subject.is_outlined)
                    yield {"video": name, "focus": focus, **scores}
            progress(done + 1, len(self.subjects))

    def summary(self, rows: Sequence[Row]) -> list[Row]:
        """Means over the videos."""
        methods = dict.fromkeys(row["focus"] for row in rows)
        return [
            {"video": "mean", "focus": method}
            | {
                column: mean([row for row in rows if row["focus"] == method], column)
                for column in ("on subject", "isolation", "at its median", "|Δd|", "step")
            }
            for method in methods
        ]


def _first(masks: Mapping[int, Mask]) -> FocusTarget:
    """A target at the middle of the subject's box, in the first frame in which it is visible."""
    frame = min(index for index, mask in masks.items() if mask.any())
    rows, columns = np.nonzero(masks[frame])
    left, top, right, bottom = (float(v) for v in (columns.min(), rows.min(), columns.max(), rows.max()))
    return FocusTarget(frame, (left + right) / 2, (top + bottom) / 2, (left, top, right, bottom))


def subject_scores(
    track: FocusTrack,
    masks: Mapping[int, Mask],
    disparity: Callable[[int], Float[Tensor, "1 height width"]],
    *,
    is_outlined: bool,
) -> Row:
    """Means over the frames of a track in which its subject is visible.

    Args:
        track: in pixels of the video.
        masks: of the subject by frame.
        disparity: of each frame, in pixels of the video.
        is_outlined: see `Subject`; without, there is no isolation.

    Returns:
        The number of frames; the share in which the focus point is `on subject`; the `isolation` about what
        is in focus, and `at its median`, about the median disparity of the subject; `|Δd|`, how far focus is
        off that median, and the mean `step` of focus from a frame to the next, both in levels (`level_px`).
    """
    on, about_focus, about_median, off = [], [], [], []
    level = 1.0
    for frame, mask in masks.items():
        if frame >= len(track.points) or not mask.any():
            continue
        level = level_px(max(mask.shape))
        x, y = track.points[frame].round().astype(int)
        on.append(bool(mask[min(max(y, 0), mask.shape[0] - 1), min(max(x, 0), mask.shape[1] - 1)]))
        values, inside = disparity(frame)[0], torch.from_numpy(mask)
        focal = float(track.focal_disparity[frame])
        off.append(abs(float(values[inside].median()) - focal))
        about_focus.append(float(isolation(values, inside, focal)) if is_outlined else math.nan)
        about_median.append(float(isolation(values, inside)) if is_outlined else math.nan)
    return {
        "frames": len(on),
        "on subject": float(np.mean(on)),
        "isolation": float(np.mean(about_focus)),
        "at its median": float(np.mean(about_median)),
        "|Δd|": float(np.mean(off)) / level,
        "step": float(np.abs(np.diff(track.focal_disparity)).mean()) / level,
    }
