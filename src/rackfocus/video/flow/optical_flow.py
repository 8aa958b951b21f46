"""The interface of optical flow methods. Implementations: `dis`, `farneback`, `raft`."""

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, UInt8
from torch import Tensor

Image = UInt8[np.ndarray, "height width 3"] | UInt8[Tensor, "height width 3"]
"""Encoded RGB in 0..255: an array, or a tensor on any device."""

Flow = Float32[np.ndarray, "height width 2"] | Float32[Tensor, "height width 2"]
"""Pixels, `x` right and `y` down."""


@runtime_checkable
class OpticalFlow(Protocol):
    """Optical flow between two frames. Deterministic to the bit; thread-safe."""

    def __call__(
        self, first: UInt8[np.ndarray, "height width 3"], second: UInt8[np.ndarray, "height width 3"]
    ) -> Float32[np.ndarray, "height width 2"]:
        """The position in `second` of what is at `(x, y)` in `first`, minus `(x, y)`.

        Args:
            first: encoded RGB in 0..255.
            second: another frame of the same size.

        Returns:
            Pixels, `x` right and `y` down.
        """
        ...


@runtime_checkable
class TensorFlow(Protocol):
    """Optical flow that is computed on the device of the frames."""

    def of_tensors(
        self, first: UInt8[Tensor, "height width 3"], second: UInt8[Tensor, "height width 3"]
    ) -> Float32[Tensor, "height width 2"]:
        """As `OpticalFlow`, for frames on any device."""
        ...


def flow_between(flow: OpticalFlow, first: Image, second: Image) -> Flow:
    """The flow between two frames; a method that runs on the CPU only gets copies of tensors."""
    if isinstance(flow, TensorFlow) and isinstance(first, Tensor) and isinstance(second, Tensor):
        return flow.of_tensors(first, second)
    return flow(*(image.cpu().numpy() if isinstance(image, Tensor) else image for image in (first, second)))
