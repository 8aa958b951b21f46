"""Evaluation of tracking: whether a moving subject stays in focus, from one focus target in a real video.

The disparity is the network's, both for the focus and for the subject: this evaluates the tracker and the way
the disparity is read, not the network.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from jaxtyping import Bool, Float

from rackfocus.evaluation.autofocus.focus_table import FootageTable, Progress, Row, mean
from rackfocus.focus.modes import Finder
from rackfocus.metrics.focus import level_px
from rackfocus.pipelines.focusing.autofocus import autofocus, follow, open_footage
from rackfocus.reading.damage import reading
from rackfocus.reading.pictures import read_pixels
from rackfocus.reading.tables import read_rows
from rackfocus.types import FocusTarget, InputError

Mask = Bool[np.ndarray, "height width"]


class Subject(Protocol):
    """A video (a file or a folder of frames) with the positions of its subject."""

    video: str

    def masks(self, width: int, height: int) -> Mapping[int, Mask]:
        """Masks of the subject by frame; frames may be missing, and masks may be empty."""
        ...


@dataclass(frozen=True)
class BoxedSubject:
    """A subject with drawn boxes in a CSV file with the columns frame, left, top, right and bottom."""

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
class SubjectFocusTable(FootageTable):
    """The share of frames whose focal disparity is within a level of the subject's median.

    Three rows for each video: following one target on the subject in the first frame, autofocus, and focus on
    a random cell of the picture; if the last share is large, the network's disparity has little depth.
    """

    subjects: Mapping[str, Subject]
    autofocus: Finder

    def rows(self, folder: Path, progress: Progress) -> Iterator[Row]:  # noqa: ARG002
        """Video by video."""
        for done, (name, subject) in enumerate(self.subjects.items()):
            with open_footage(subject.video, **self.settings) as footage:
                width, height = footage.reader.info.width, footage.reader.info.height
                disparity = np.stack([shown.disparity for shown in footage.frames()])
            masks = subject.masks(width, height)
            truth = subject_medians(disparity, masks)
            settings: dict[str, Any] = self.settings | {"disparity": disparity}  # the network is run once
            with open_footage(subject.video, **settings) as footage:
                track = follow(footage, [_first(masks)])
            yield _row(name, "one target", track.focal_disparity[:, None], truth, max(width, height))
            track = autofocus(subject.video, self.autofocus, **settings)
            yield _row(name, "autofocus", track.focal_disparity[:, None], truth, max(width, height))
            anywhere = disparity.reshape(len(disparity), -1)
            yield _row(name, "anywhere", anywhere, truth, max(width, height))
            progress(done + 1, len(self.subjects))

    def summary(self, rows: Sequence[Row]) -> list[Row]:
        """Means over the videos."""
        methods = dict.fromkeys(row["focus"] for row in rows)
        return [
            {"video": "mean", "focus": method}
            | {
                column: mean([row for row in rows if row["focus"] == method], column)
                for column in ("held", "within 2", "|Δd|")
            }
            for method in methods
        ]


def subject_medians(
    disparity: Float[np.ndarray, "frame rows columns"], masks: Mapping[int, Mask]
) -> dict[int, float]:
    """The median disparity of a subject in the frames in which it is visible."""
    rows, columns = disparity.shape[1:]
    medians = {}
    for frame, mask in masks.items():
        share = cv2.resize(mask.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
        if frame < len(disparity) and share.max() > 0:
            medians[frame] = float(np.median(disparity[frame][share >= min(0.5, share.max())]))
    return medians


def _first(masks: Mapping[int, Mask]) -> FocusTarget:
    """A target at the middle of the subject's box, in the first frame in which it is visible."""
    frame = min(index for index, mask in masks.items() if mask.any())
    rows, columns = np.nonzero(masks[frame])
    left, top, right, bottom = (float(v) for v in (columns.min(), rows.min(), columns.max(), rows.max()))
    return FocusTarget(frame, (left + right) / 2, (top + bottom) / 2, (left, top, right, bottom))


def _row(
    name: str,
    method: str,
    focal: Float[np.ndarray, "frame choice"],
    truth: Mapping[int, float],
    longer_side_px: int,
) -> Row:
    off = np.array([np.abs(focal[frame] - value) for frame, value in truth.items()])
    levels = off / level_px(longer_side_px)
    return {
        "video": name,
        "focus": method,
        "frames": len(levels),
        "held": float((levels <= 1).mean()),
        "within 2": float((levels <= 2).mean()),
        "|Δd|": float(levels.mean()),
    }
