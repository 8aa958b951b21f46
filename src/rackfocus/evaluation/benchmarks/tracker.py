"""Benchmark of trackers on sequences of the object tracking benchmark (Wu, Lim and Yang 2013, "OTB").

<folder>/img/0001.jpg …    groundtruth_rect.txt: left, top, width and height in each frame
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from rackfocus.focus.trackers.tracker import Tracker
from rackfocus.reading.pictures import read_pixels
from rackfocus.types import InputError

THRESHOLDS = np.linspace(0, 1, 21)
"""Thresholds of the overlap for the success curve."""
PRECISE_PX = 20

Boxes = Float[np.ndarray, "frame 4"]
"""Left, top, right and bottom; the latter two are outside."""


@dataclass(frozen=True)
class TrackerRecord:
    """One tracker on one sequence. The first frame, whose box is given, counts as in OTB.

    Attributes:
        sequence: its name.
        tracker: its name.
        frames: of the sequence.
        success_auc: mean share of frames whose overlap (IoU) exceeds a threshold, over thresholds of 0 to 1.
        success_half: share of frames whose overlap exceeds a half.
        precision: share of frames whose box is centred within `PRECISE_PX` of the truth.
        lost: share of frames in which it reports that the subject is lost.
        wrong: share of frames in which it does not, and overlaps the truth by less than a tenth.
        frames_per_second: of CPU time.
    """

    sequence: str
    tracker: str
    frames: int
    success_auc: float
    success_half: float
    precision: float
    lost: float
    wrong: float
    frames_per_second: float


def otb_sequence(folder: str | Path) -> tuple[list[Path], Boxes]:
    """The pictures of a sequence, and the subject's box in each.

    Raises:
        InputError: they are missing, differ in number from the boxes, or cannot be read.
    """
    folder = Path(folder)
    truth = folder / "groundtruth_rect.txt"
    pictures = sorted((folder / "img").glob("*.[jp][pn]g")) if truth.is_file() else []
    if not pictures:
        raise InputError(f"{folder} holds no sequence of OTB: img and groundtruth_rect.txt; set root to one.")
    try:
        text = truth.read_text(encoding="utf-8").replace(",", " ").splitlines()
        boxes = np.array([[float(word) for word in line.split()] for line in text if line.strip()])
        boxes[:, 2:] += boxes[:, :2]
    except (ValueError, IndexError) as error:
        raise InputError(f"{truth} must hold four numbers a line; get it anew.") from error
    if boxes.shape != (len(pictures), 4):
        raise InputError(f"{truth} has {len(boxes)} boxes for {len(pictures)} pictures; get them anew.")
    return pictures, boxes


def measure_tracker(tracker: Tracker, name: str, folder: str | Path) -> TrackerRecord:
    """Follow the subject of a sequence from its first frame to its last.

    Raises:
        InputError: the sequence cannot be read.
    """
    pictures, truth = otb_sequence(folder)
    image, seconds = _read(pictures[0]), 0.0
    tracker.start(image, (*map(float, truth[0]),))  # type: ignore[arg-type]
    boxes, confidence = [tuple(truth[0])], [1.0]
    for picture in pictures[1:]:
        image = _read(picture)
        began = time.process_time()
        tracked = tracker.follow(image)
        seconds += time.process_time() - began
        boxes.append(tracked.box)
        confidence.append(tracked.confidence)
    found = np.array(boxes)
    overlap, lost = overlaps(found, truth), np.array(confidence) == 0
    distance = np.linalg.norm((found[:, :2] + found[:, 2:] - truth[:, :2] - truth[:, 2:]) / 2, axis=1)
    return TrackerRecord(
        sequence=Path(folder).name,
        tracker=name,
        frames=len(truth),
        success_auc=float((overlap[:, None] > THRESHOLDS).mean()),
        success_half=float((overlap > 0.5).mean()),
        precision=float((distance <= PRECISE_PX).mean()),
        lost=float(lost.mean()),
        wrong=float((~lost & (overlap < 0.1)).mean()),
        frames_per_second=(len(truth) - 1) / max(seconds, 1e-9),
    )


def overlaps(one: Boxes, other: Boxes) -> Float[np.ndarray, " frame"]:
    """Intersection over union of the boxes of each frame."""
    sides = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
    shared = np.clip(sides, 0, None).prod(axis=1)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (one, other)]
    return shared / np.maximum(areas[0] + areas[1] - shared, 1e-9)


def markdown(records: Sequence[TrackerRecord]) -> str:
    """The records as a table."""
    lines = [
        f"| sequence | tracker | AUC | IoU > .5 | within {PRECISE_PX} px | lost | wrong | frames/s |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for record in records:
        shares = (record.success_auc, record.success_half, record.precision, record.lost, record.wrong)
        told = " | ".join(f"{share:.3f}" for share in shares)
        lines.append(f"| {record.sequence} | {record.tracker} | {told} | {record.frames_per_second:.0f} |")
    return "\n".join(lines) + "\n"


def _read(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    return read_pixels(path, cv2.IMREAD_COLOR_RGB, "cannot be read as a picture; get it anew.")
