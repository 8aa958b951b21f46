"""What every optical flow is: a call with two frames. They are `dis`, `farneback`, `raft`."""

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, UInt8


@runtime_checkable
class OpticalFlow(Protocol):
    """Optical flow between two frames. The same frames give the same bits; threads may call it at once."""

    def __call__(
        self, first: UInt8[np.ndarray, "height width 3"], second: UInt8[np.ndarray, "height width 3"]
    ) -> Float32[np.ndarray, "height width 2"]:
        """Where what is at `(x, y)` in `first` is in `second`, minus `(x, y)`.

        Args:
            first: encoded RGB in 0..255.
            second: another frame of this size.

        Returns:
            Pixels, `x` right and `y` down.
        """
        ...
