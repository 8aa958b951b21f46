"""Augmentation of clips: shortened, flipped, cropped by a moving camera, changed in colour.

Clips are never reversed in time: the beginning of an event would become its end.
"""

import dataclasses
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from rackfocus.data.gaze.focus_clip import FocusClip
from rackfocus.types import FocusTarget, InputError

DRAWS = 8
"""The largest number of crops to try for one that contains all targets when they begin."""
PAN_SHARE = 0.25
"""The largest pan from the first frame to the last, in widths of the crop."""
SHAKE_SHARE = 0.02
"""Standard deviation of camera shake, in widths of the crop."""
GAIN = 0.12
GAMMA = 0.3
SATURATION = 0.5
"""The largest change of saturation; gain and gamma change in logarithms."""


@dataclass(frozen=True)
class RandomClipView:
    """A random part of a clip in time and space, with random flip and colours.

    Half of the views are steady; the others simulate a handheld camera or a pan. Targets that lie outside the
    view when they begin are left out.

    Attributes:
        frames: number of frames in the view; the last frame of a shorter clip is repeated.
        height_px: of the view.
        width_px: of the view.
        largest_zoom: the smallest size of the crop relative to the clip, in both directions.
        fast_share: the share of views that skip every second frame, if the clip is long enough.

    Raises:
        InputError: a size is not positive, or a share is not between 0 and 1.
    """

    frames: int = 24
    height_px: int = 80
    width_px: int = 112
    largest_zoom: float = 1.7
    fast_share: float = 0.2

    def __post_init__(self) -> None:
        for name in ("frames", "height_px", "width_px"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be 1 or more, and is {getattr(self, name)}.")
        if not self.largest_zoom >= 1:
            raise InputError(f"largest_zoom must be 1 or more, and is {self.largest_zoom}.")
        if not 0 <= self.fast_share <= 1:
            raise InputError(f"fast_share must lie between 0 and 1, and is {self.fast_share}.")

    def __call__(self, clip: FocusClip, generator: torch.Generator) -> FocusClip:
        """Draw a view; the generator is the only source of randomness."""
        clip = self._stretch(clip, generator)
        for _ in range(DRAWS):
            grids = self._camera(clip, generator)
            targets = _seen_targets(clip, grids)
            if targets is None or len(targets) == len(clip.targets or ()):
                break
        frames = F.grid_sample(clip.frames, grids, padding_mode="border", align_corners=False)
        return dataclasses.replace(
            clip,
            frames=_recoloured(frames, generator),
            fixations=None,
            fixation_maps=_seen_density(clip.fixation_maps, grids),
            focus_regions=_seen_density(clip.focus_regions, grids),
            targets=targets,
        )

    def _stretch(self, clip: FocusClip, generator: torch.Generator) -> FocusClip:
        """Random successive frames of the clip; a target in the first of them is not new."""
        count = len(clip.frame_indices)
        step = 2 if _uniform(generator) < self.fast_share and count >= 2 * self.frames - 1 else 1
        first = int(_uniform(generator) * max(1, count - step * (self.frames - 1)))
        kept = [min(first + step * number, count - 1) for number in range(self.frames)]
        per_frame = (clip.times_s[-1] - clip.times_s[0]) / max(1, count - 1)
        targets = clip.targets
        if targets is not None:
            # A target between two frames of a fast view is moved to the later one.
            moved = [(-(-(target.t - first) // step), target) for target in targets]
            last = (count - 1 - first) // step
            targets = tuple(
                dataclasses.replace(target, t=t) for t, target in moved if 0 < t <= min(last, self.frames - 1)
            )
        return dataclasses.replace(
            clip,
            frames=clip.frames[kept],
            frame_indices=tuple(clip.frame_indices[at] for at in kept),
            times_s=tuple(number * per_frame for number in range(self.frames)),
            fixation_maps=None if clip.fixation_maps is None else clip.fixation_maps[kept],
            focus_regions=None if clip.focus_regions is None else clip.focus_regions[kept],
            targets=targets,
        )

    def _camera(self, clip: FocusClip, generator: torch.Generator) -> Float[Tensor, "frame rows columns 2"]:
        """The position in the clip of each pixel of each frame, from -1 to 1 across its width and height."""
        height, width = clip.frames.shape[2:]
        aspect = self.width_px / self.height_px
        widest = min(1.0, aspect * height / width)
        across = widest * (1 - _uniform(generator) * (1 - 1 / self.largest_zoom))
        size = torch.tensor([across, across / aspect * width / height])
        centre = size / 2 + (1 - size) * torch.rand(2, generator=generator)
        path = centre.expand(self.frames, 2)
        kind = _uniform(generator)
        if kind < 0.3:
            # Frames are a sixth of a second apart, so that camera shake is independent between them.
            path = path + SHAKE_SHARE * across * torch.randn(self.frames, 2, generator=generator)
        if kind < 0.5:
            pan = PAN_SHARE * across * (2 * torch.rand(2, generator=generator) - 1)
            path = path + torch.linspace(-0.5, 0.5, self.frames)[:, None] * pan
        # The crop is kept inside the picture.
        path = torch.minimum(torch.maximum(path, size / 2), 1 - size / 2)
        mirror = -1.0 if _uniform(generator) < 0.5 else 1.0
        theta = torch.zeros(self.frames, 2, 3)
        theta[:, 0, 0] = mirror * size[0]
        theta[:, 1, 1] = size[1]
        theta[:, :, 2] = 2 * path - 1
        shape = [self.frames, 1, self.height_px, self.width_px]
        return F.affine_grid(theta, shape, align_corners=False)


def _seen_density(
    maps: Float[Tensor, "frame 1 height width"] | None, grids: Float[Tensor, "frame rows columns 2"]
) -> Float[Tensor, "frame 1 rows columns"] | None:
    """The visible part of densities, normalised to sum 1; zero if less than half is visible."""
    if maps is None:
        return None
    seen = F.grid_sample(maps, grids, padding_mode="zeros", align_corners=False)
    # Number of pixels of the clip that a pixel of the view covers.
    covered = (grids[:, -1, -1] - grids[:, 0, 0]).abs().prod(1) / 4
    cell = covered * maps.shape[2] * maps.shape[3] / (grids.shape[1] * grids.shape[2])
    sums = seen.sum((1, 2, 3), keepdim=True)
    return torch.where(sums * cell[:, None, None, None] >= 0.5, seen / sums.clamp_min(1e-9), 0.0)


def _seen_targets(
    clip: FocusClip, grids: Float[Tensor, "frame rows columns 2"]
) -> tuple[FocusTarget, ...] | None:
    """The targets that are inside the view when they begin, in its pixels, without their boxes."""
    if clip.targets is None:
        return None
    height, width = clip.frames.shape[2:]
    rows, columns = grids.shape[1:3]
    seen = []
    for target in clip.targets:
        first, last = grids[target.t, 0, 0], grids[target.t, -1, -1]
        at = torch.tensor([2 * (target.x + 0.5) / width - 1, 2 * (target.y + 0.5) / height - 1])
        # From pixel centres to pixel centres.
        x, y = ((at - first) / (last - first) * torch.tensor([columns - 1, rows - 1])).tolist()
        if -0.5 <= x < columns - 0.5 and -0.5 <= y < rows - 0.5:
            seen.append(dataclasses.replace(target, x=x, y=y, box=None))
    return tuple(seen)


def _recoloured(
    frames: Float[Tensor, "frame 3 height width"], generator: torch.Generator
) -> Float[Tensor, "frame 3 height width"]:
    """Apply the same change of colours to all frames."""
    gamma = float(torch.exp(GAMMA * torch.randn((), generator=generator).clamp(-2, 2)))
    gains = torch.exp(GAIN * torch.randn(3, 1, 1, generator=generator).clamp(-2, 2))
    colour = 1 + SATURATION * (2 * _uniform(generator) - 1)
    grey = frames.mean(1, keepdim=True)
    return (((grey + colour * (frames - grey)).clamp(0, 1) ** gamma) * gains).clamp(0, 1)


def _uniform(generator: torch.Generator) -> float:
    return float(torch.rand((), generator=generator))
