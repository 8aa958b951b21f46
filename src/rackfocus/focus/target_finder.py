"""The interface of autofocus methods that find new focus targets from the frames of a whole video alone."""

from collections.abc import Iterable
from typing import Protocol

import numpy as np
import torch
from jaxtyping import UInt8

from rackfocus.device import CPU
from rackfocus.types import FocusTarget


class Picture(Protocol):
    """A frame of a video, reduced."""

    @property
    def index(self) -> int:
        """Index of the frame in the video."""
        ...

    @property
    def time_s(self) -> float:
        """Display time, from the first frame."""
        ...

    @property
    def image(self) -> UInt8[np.ndarray, "height width 3"]:
        """Encoded RGB in 0..255."""
        ...

    @property
    def is_cut(self) -> bool:
        """Whether a new shot begins with it."""
        ...


class TargetFinder(Protocol):
    """Look-ahead autofocus without sound and disparity."""

    @property
    def source(self) -> str:
        """The `source` of its targets."""
        ...

    def find(
        self,
        pictures: Iterable[Picture],
        *,
        size: tuple[int, int],
        fps: float,
        device: torch.device = CPU,
    ) -> tuple[FocusTarget, ...]:
        """The new focus targets of a video, in time order; the first frame of each shot has one.

        Args:
            pictures: all its frames, in order.
            size: width and height of the video.
            fps: its average rate.
            device: on which networks are to run.
        """
        ...

    def warnings(self) -> tuple[str, ...]:
        """What a person should know before relying on its targets, one sentence each."""
        ...
