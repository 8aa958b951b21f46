"""The interface of optical flow methods. Implementations: `dis`, `farneback`, `raft`."""

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, UInt8


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
