"""Ray-traced clips with scripted focus events, as training samples of AF-Net."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.data.gaze.fixations import as_density, resized_points
from rackfocus.data.gaze.focus_clip import FocusClip, Sampling, clip_targets, target_frames
from rackfocus.data.gaze.focus_events import FocusEventClips
from rackfocus.data.video_frames import read_frames
from rackfocus.focus.annotation.json_file import load_annotation
from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import read_json
from rackfocus.types import FocusAnnotation, InputError

SIGMA_SHARE = 0.25
"""Standard deviation of the Gaussian of a person, as a share of the width and height of their box."""
OPENING = "first"
"""The role of the person in focus before the first event."""


class FocusEventWindows(Dataset[FocusClip]):
    """Parts of ray-traced clips: frames, new focus targets, and the person to focus on in each frame.

    The focus region is a Gaussian on the box of the person of the latest event; before the first event, of
    the person in focus at the start. It is empty while that person is not visible.

    Args:
        root: the folder that contains `clips`.
        sampling: the frames of a clip.
        kind: `enters`, `acts` or `speaks`. `None`: all.
        seeds: the first seed, and the one after the last. `None`: all.
        longer_side_px: size of the frames; the aspect ratio is kept.

    Raises:
        InputError: there is no such folder, or no such clip in it; on access, a file is missing or damaged.
    """

    def __init__(
        self,
        root: str | Path,
        sampling: Sampling,
        *,
        kind: str | None = None,
        seeds: tuple[int, int] | None = None,
        longer_side_px: int = 160,
    ) -> None:
        folders = FocusEventClips(root, kind).folders
        if seeds is not None:
            folders = [path for path in folders if seeds[0] <= int(path.name.rpartition("_")[2]) < seeds[1]]
        if not folders:
            raise InputError(f"{root} holds no clip of the seeds {seeds}.")
        annotations = [load_annotation(folder / "annotation.json") for folder in folders]
        self.sampling = sampling
        self.clips = [
            (folder, annotation, window)
            for folder, annotation in zip(folders, annotations, strict=True)
            for window in sampling.windows(annotation.video.frames, annotation.video.fps)
        ]
        self.longer_side_px = longer_side_px

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> FocusClip:
        folder, annotation, window = self.clips[index]
        video = annotation.video
        read = read_frames(folder / video.name, window, longer_side_px=self.longer_side_px)
        source = (video.height, video.width)
        if read.source_size != source:
            raise InputError(f"{folder / video.name} is not the video of its annotation; render it again.")
        size = (read.frames.shape[2], read.frames.shape[3])
        boxes = _boxes(folder / "clip.json", annotation)
        at = target_frames(annotation.targets, self.sampling.frames(video.frames, video.fps))
        return FocusClip(
            name=f"{folder.name}/{window[0]:06d}",
            frames=read.frames,
            frame_indices=window,
            times_s=tuple(frame / video.fps for frame in window),
            source_size=source,
            focus_regions=torch.stack([_density(boxes[frame], source, size) for frame in window]),
            targets=clip_targets(at, window, source=source, size=size),
        )


def _boxes(path: Path, annotation: FocusAnnotation) -> list[Sequence[float] | None]:
    """For each frame, the box of the person to focus on. `None`: not visible."""
    with reading(path, "cannot be read as a clip with focus events; render it again."):
        about: dict[str, Any] = read_json(path)
        people = [frame["people"] for frame in about["frames"]]
        who = [OPENING] * annotation.video.frames
        for event in about["events"]:
            who[event["frame"] :] = [event["who"]] * (len(who) - event["frame"])
        return [seen[name]["box"] if name in seen else None for seen, name in zip(people, who, strict=True)]


def _density(
    box: Sequence[float] | None, source: tuple[int, int], size: tuple[int, int]
) -> Float[Tensor, "1 height width"]:
    if box is None:
        return torch.zeros(1, *size)
    corners = resized_points(torch.tensor(box).float().view(2, 2), source=source, size=size)
    (left, top), (right, bottom) = corners.tolist()
    across = _bell(size[1], (left + right) / 2, right - left)
    down = _bell(size[0], (top + bottom) / 2, bottom - top)
    return as_density((down[:, None] * across)[None])


def _bell(count: int, centre: float, length: float) -> Float[Tensor, " place"]:
    sigma = SIGMA_SHARE * max(length, 1.0)
    return torch.exp(-((torch.arange(count) - centre) ** 2) / (2 * sigma**2))
