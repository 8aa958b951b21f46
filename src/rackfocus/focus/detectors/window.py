"""The input and the interface of detectors."""

import math
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, UInt8

from rackfocus.device import CPU
from rackfocus.focus.detectors.speech.known_voices import KnownVoices
from rackfocus.types import InputError

MAP_LONGER_SIDE = 160
"""The longer side of the maps in cells: fine enough for a face at the back of a room."""


@dataclass(frozen=True, eq=False)
class Sound:
    """The sound of a window.

    Attributes:
        samples: in -1..1; the first one is at the time of the window's first frame.
        rate: samples a second.

    Raises:
        InputError: the rate is not positive.
    """

    samples: Float32[np.ndarray, "channel sample"]
    rate: int

    def __post_init__(self) -> None:
        if self.rate < 1:
            raise InputError(f"rate must be samples a second, and is {self.rate}.")


@dataclass(frozen=True, eq=False)
class ClipWindow:
    """Consecutive frames, reduced to fit into memory, with their sound.

    Attributes:
        frames: encoded RGB in 0..255, reduced to a working size.
        times_s: display time of each, in seconds from the first frame of the video; rates may vary.
        is_cut: whether a new shot begins with a frame.
        sound: `None`: there is no sound track.
        device: on which networks are to look at it.
        voices: known from the windows of the same video that were judged before, which share this object.
        disparity: of each frame, possibly coarser, in pixels of the video. `None`: unknown.
    """

    frames: UInt8[np.ndarray, "frame height width 3"]
    times_s: Float[np.ndarray, " frame"]
    is_cut: Bool[np.ndarray, " frame"]
    sound: Sound | None = None
    device: torch.device = CPU
    voices: KnownVoices = field(default_factory=KnownVoices)
    disparity: Float32[np.ndarray, "frame _ _"] | None = None

    @property
    def map_size(self) -> tuple[int, int]:
        """Rows and columns of the maps of this window."""
        height, width = self.frames.shape[1:3]
        cell = max(height, width) / min(MAP_LONGER_SIDE, max(height, width))
        return max(1, math.ceil(height / cell - 1e-9)), max(1, math.ceil(width / cell - 1e-9))

    @property
    def shots(self) -> list[slice]:
        """The ranges of frames between cuts, in order; together they are all frames."""
        starts = [0, *(int(at) for at in np.flatnonzero(self.is_cut) if at > 0)]
        ends = [*starts[1:], len(self.frames)]
        return [slice(start, end) for start, end in zip(starts, ends, strict=True) if end > start]


@runtime_checkable
class Detector(Protocol):
    """Detects one kind of subject. Without any it returns maps of zeros and raises no exception.

    A detector has no state between windows: the same window gives the same maps, given the voices that are
    known from the windows before it.
    """

    def __call__(self, window: ClipWindow) -> Float32[np.ndarray, "frame rows columns"]:
        """The probability, 0 to 1, that each cell shows what this detector looks for.

        Returns:
            One map for each frame, of `window.map_size`; its cells cover the frame evenly.
        """
        ...

    def missing(self, window: ClipWindow) -> str | None:
        """What this detector lacks for such a window, as one sentence for a person. `None`: nothing."""
        ...
