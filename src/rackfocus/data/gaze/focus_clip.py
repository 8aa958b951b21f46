"""A clip of video frames with gaze and new focus targets: a training sample of AF-Net."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rackfocus.data.gaze.fixations import resized_points
from rackfocus.types import FocusTarget, InputError

PAPER_SAMPLING_FPS = 6.0
"""Every fifth frame of a video of 30 frames a second (Sec. 5.3)."""


@dataclass(frozen=True)
class FocusClip:
    """Some frames of one video, at equal distances in time.

    Pixels are those of `frames`, the working size; `source_size` gives the scale.

    Attributes:
        name: of the video and its first frame, such as `0001/000025`.
        frames: encoded sRGB in 0..1.
        frame_indices: indices of the frames in the video, from 0.
        times_s: their display times.
        source_size: height and width of the video in pixels.
        fixations: number of fixations of each pixel.
        fixation_maps: their density, each of sum 1, or zero without fixations.
        focus_regions: the filtered maps: `rackfocus.data.gaze.fixations.focus_region` of the density.
        targets: the new focus targets; `t` counts the frames of this clip. `None`: unknown.
    """

    name: str
    frames: Float[Tensor, "frame 3 height width"]
    frame_indices: tuple[int, ...]
    times_s: tuple[float, ...]
    source_size: tuple[int, int]
    fixations: Float[Tensor, "frame 1 height width"] | None = None
    fixation_maps: Float[Tensor, "frame 1 height width"] | None = None
    focus_regions: Float[Tensor, "frame 1 height width"] | None = None
    targets: tuple[FocusTarget, ...] | None = None

    @property
    def is_new_target(self) -> Bool[Tensor, " frame"] | None:
        """For each frame, whether a new focus target begins there."""
        if self.targets is None:
            return None
        new = torch.zeros(len(self.frame_indices), dtype=torch.bool)
        for target in self.targets:
            new[target.t] = True
        return new


@dataclass(frozen=True)
class Sampling:
    """The frames of a video that are used, and how they are divided into clips.

    Attributes:
        window: sampled frames in a clip; a video with fewer gives one shorter clip.
        stride: sampled frames between the starts of successive clips. If the last clip would end before the
            video does, another clip is added that ends with the video, so that every sampled frame is used.
        sampling_fps: sampled frames a second, 6 in the paper; of a video with a lower rate all are used.

    Raises:
        InputError: a number is not positive.
    """

    window: int
    stride: int
    sampling_fps: float = PAPER_SAMPLING_FPS

    def __post_init__(self) -> None:
        for name, value in (("window", self.window), ("stride", self.stride),
                            ("sampling_fps", self.sampling_fps)):  # fmt: skip
            if not value > 0:
                raise InputError(f"{name} must be above 0, and is {value}.")

    def step_frames(self, fps: float) -> float:
        """Frames of the video between successive sampled frames; may be fractional."""
        return max(1.0, fps / self.sampling_fps)

    def frames(self, count: int, fps: float) -> tuple[int, ...]:
        """The sampled frames of a video of `count` frames."""
        step = self.step_frames(fps)
        sampled = (math.floor(number * step + 0.5) for number in range(math.ceil(count / step)))
        return tuple(frame for frame in sampled if frame < count)

    def windows(self, count: int, fps: float) -> list[tuple[int, ...]]:
        """The sampled frames of each clip of a video of `count` frames."""
        frames = self.frames(count, fps)
        starts = list(range(0, max(1, len(frames) - self.window + 1), self.stride))
        if starts[-1] + self.window < len(frames):
            starts.append(len(frames) - self.window)
        return [frames[start : start + self.window] for start in starts]


def target_frames(targets: Sequence[FocusTarget], frames: Sequence[int]) -> dict[int, FocusTarget]:
    """The sampled frames of a whole video at which a new focus target begins, and that target.

    A target is moved to the nearest sampled frame; of two targets at the same one the later is kept. Targets
    at frame 0 are not new and are left out.
    """
    nearest = {}
    for target in sorted(targets, key=lambda target: target.t):
        if target.t > 0:
            nearest[min(frames, key=lambda frame: (abs(frame - target.t), frame))] = target
    return nearest


def clip_targets(
    at: dict[int, FocusTarget], window: Sequence[int], *, source: tuple[int, int], size: tuple[int, int]
) -> tuple[FocusTarget, ...]:
    """The targets of `target_frames` in a window of frames, in the time and the pixels of the clip.

    `source` and `size` are height and width of the video and of the clip.
    """
    return tuple(
        _resized(at[frame], number, source, size) for number, frame in enumerate(window) if frame in at
    )


def _resized(target: FocusTarget, t: int, source: tuple[int, int], size: tuple[int, int]) -> FocusTarget:
    corners = [(target.x, target.y)]
    if target.box is not None:
        corners += [target.box[:2], target.box[2:]]
    moved = resized_points(torch.tensor(corners, dtype=torch.float64), source=source, size=size).tolist()
    box = None if target.box is None else (moved[1][0], moved[1][1], moved[2][0], moved[2][1])
    return replace(target, t=t, x=moved[0][0], y=moved[0][1], box=box)
