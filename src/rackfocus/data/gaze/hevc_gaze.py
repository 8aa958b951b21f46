"""HEVC gaze: standard test sequences of video coding, each with the fixations of 32 viewers.

videos.csv      video,frames,fps,width,height
fixations.csv   video,subject,t_start_ms,duration_ms,x,y
<video>.avi
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.data.gaze.fixations import (
    SIGMA_SHARE,
    fixation_counts,
    fixation_map,
    focus_region,
    resized_points,
)
from rackfocus.data.gaze.focus_clip import (
    PAPER_SAMPLING_FPS,
    FocusClip,
    Sampling,
    clip_targets,
    target_frames,
)
from rackfocus.data.gaze.gaze_shifts import Fixations, gaze_targets
from rackfocus.data.video_frames import read_frames
from rackfocus.focus.annotation.json_file import annotated_video
from rackfocus.reading.damage import reading
from rackfocus.reading.tables import read_rows
from rackfocus.types import FocusAnnotation, FocusTarget, InputError

SPLITS = {
    "train": ("BlowingBubbles", "FourPeople", "Kimono", "KristenAndSara"),
    "validation": ("BasketballPass",),
    "test": ("Couple", "Vidyo1"),
}
"""FourPeople and KristenAndSara show the same room, so they are in the same split."""


@dataclass(frozen=True)
class WatchedVideo:
    """A row of `videos.csv`, size in pixels, with the fixations of all viewers."""

    path: Path
    frames: int
    fps: float
    width: int
    height: int
    fixations: Fixations

    @cached_property
    def targets(self) -> tuple[FocusTarget, ...]:
        """New focus targets by the heuristic of `rackfocus.data.gaze.gaze_shifts`."""
        found = gaze_targets(self.fixations, frames=self.frames, fps=self.fps, width=self.width)
        return tuple(found)

    def annotation(self) -> FocusAnnotation:
        """The targets with the identity of the video, for saving and viewing.

        Raises:
            InputError: the video is missing or cannot be read.
        """
        return FocusAnnotation(annotated_video(self.path), self.targets)


def watched_videos(root: str | Path) -> dict[str, WatchedVideo]:
    """Every video of the folder, by name.

    Raises:
        InputError: a table is missing, or a row of it is invalid.
    """
    root = Path(root)
    videos = root / "videos.csv"
    with reading(videos, "has a size that is no whole number; get it again."):
        sizes = {
            row["video"]: (int(row["frames"]), float(row["fps"]), int(row["width"]), int(row["height"]))
            for row in _rows(videos, ("frames", "fps", "width", "height"))
        }
    gaze: dict[str, list[list[float]]] = {name: [] for name in sizes}
    columns = ("t_start_ms", "duration_ms", "x", "y")
    for row in _rows(root / "fixations.csv", columns):
        if row["video"] not in gaze:
            raise InputError(f"{root / 'fixations.csv'} names {row['video']}, which is not in {videos.name}.")
        gaze[row["video"]].append([float(row[column]) for column in columns])
    found = {}
    for name, (frames, fps, width, height) in sizes.items():
        if min(frames, fps, width, height) <= 0:
            raise InputError(f"{videos} gives {name} a size or rate of no sense; get it again.")
        table = np.array(gaze[name], np.float64).reshape(-1, 4)
        start, duration = table[:, 0] / 1000, table[:, 1] / 1000
        fixations = Fixations(start, start + duration, table[:, 2:])
        found[name] = WatchedVideo(root / f"{name}.avi", frames, fps, width, height, fixations)
    return found


class HevcGaze(Dataset[FocusClip]):
    """Clips of the HEVC gaze videos, with gaze, and new focus targets where most viewers shift their gaze.

    Args:
        root: the folder with `videos.csv`, `fixations.csv` and the videos.
        split: `train`, `validation` or `test`; see `SPLITS`.
        window: frames in a clip; a shorter video gives a shorter clip.
        stride: sampled frames between the starts of successive clips.
        sampling_fps: sampled frames for each second of video.
        longer_side_px: size of the frames; the aspect ratio is kept.

    Raises:
        InputError: a table is missing or invalid, or the split has no video; on access, a video is missing,
            damaged or of another size than in the table.
    """

    def __init__(
        self,
        root: str | Path,
        split: str,
        *,
        window: int = 20,
        stride: int = 5,
        sampling_fps: float = PAPER_SAMPLING_FPS,
        longer_side_px: int = 384,
    ) -> None:
        if split not in SPLITS:
            raise InputError(f"HEVC gaze has no split {split!r}; take one of {', '.join(SPLITS)}.")
        if not Path(root).is_dir():
            raise InputError(f"{root} is no folder; set data.root to the folder of the HEVC gaze videos.")
        videos = watched_videos(root)
        self.videos = [videos[name] for name in SPLITS[split] if name in videos]
        if not self.videos:
            names = ", ".join(SPLITS[split])
            raise InputError(f"{Path(root) / 'videos.csv'} names no video of {split} ({names}).")
        self.sampling = Sampling(window, stride, sampling_fps)
        self.clips = [
            (video, clip) for video in self.videos for clip in self.sampling.windows(video.frames, video.fps)
        ]
        self.longer_side_px = longer_side_px

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> FocusClip:
        video, indices = self.clips[index]
        source = (video.height, video.width)
        read = read_frames(video.path, indices, longer_side_px=self.longer_side_px)
        if read.source_size != source:
            raise InputError(
                f"{video.path} is {read.source_size[1]}x{read.source_size[0]} pixels where videos.csv says "
                f"{video.width}x{video.height}; get it again."
            )
        size = (read.frames.shape[2], read.frames.shape[3])
        times = tuple(frame / video.fps for frame in indices)
        points = [
            resized_points(torch.from_numpy(video.fixations.at(time)).float(), source=source, size=size)
            for time in times
        ]
        maps = [
            fixation_map(some, height=size[0], width=size[1], sigma_px=SIGMA_SHARE * size[1])
            for some in points
        ]
        at = target_frames(video.targets, self.sampling.frames(video.frames, video.fps))
        return FocusClip(
            name=f"{video.path.stem}/{indices[0]:06d}",
            frames=read.frames,
            frame_indices=indices,
            times_s=times,
            source_size=source,
            fixations=_stacked(fixation_counts(some, height=size[0], width=size[1]) for some in points),
            fixation_maps=_stacked(maps),
            focus_regions=_stacked(focus_region(density) for density in maps),
            targets=clip_targets(at, indices, source=source, size=size),
        )


def _stacked(planes: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(planes))


def _rows(path: Path, numbers: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows of a table, checked for a name and for finite numbers in these columns."""
    if not path.is_file():
        raise InputError(f"{path} is missing; set data.root to the folder of the HEVC gaze videos.")
    with reading(path, "cannot be read as a table ({reason}); get it again."):
        rows = read_rows(path, ("video", *numbers))
    for line, row in enumerate(rows, start=2):
        if not (row["video"] and all(_is_finite(row[name]) for name in numbers)):
            wanted = ", ".join(("video", *numbers))
            raise InputError(f"{path}, line {line}, does not give {wanted}; get it again.")
    return rows


def _is_finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
