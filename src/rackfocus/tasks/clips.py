"""Batches of clips, for AF-Net."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.data.gaze.focus_clip import FocusClip
from rackfocus.tasks.data import SeededDataModule


class ClipBatch(NamedTuple):
    """Clips of one size and length, stacked; frames are encoded sRGB in 0..1.

    `regions` are densities of the focus region; all 0: unknown. `new_target` is 1 where a new focus target
    begins, else 0; NaN: unknown.
    """

    frames: Float[Tensor, "batch frame 3 height width"]
    regions: Float[Tensor, "batch frame 1 height width"]
    new_target: Float[Tensor, "batch frame"]
    times_s: Float[Tensor, "batch frame"]


def collate_clips(samples: Sequence[FocusClip]) -> ClipBatch:
    """Stack clips of one size and length."""
    return ClipBatch(
        frames=torch.stack([clip.frames for clip in samples]),
        regions=torch.stack([_regions(clip) for clip in samples]),
        new_target=torch.stack([_new_target(clip) for clip in samples]),
        times_s=torch.tensor([clip.times_s for clip in samples], dtype=torch.float32),
    )


def _regions(clip: FocusClip) -> Tensor:
    return torch.zeros_like(clip.frames[:, :1]) if clip.focus_regions is None else clip.focus_regions


def _new_target(clip: FocusClip) -> Tensor:
    new = clip.is_new_target
    return torch.full((len(clip.frames),), torch.nan) if new is None else new.float()


class ClipData(SeededDataModule):
    """Clips for AF-Net; see `SeededDataModule`."""

    KINDS = (FocusClip,)
    collate = staticmethod(collate_clips)
