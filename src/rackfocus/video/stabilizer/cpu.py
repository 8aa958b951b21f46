"""The temporal stabiliser's window of frames, on a CPU."""

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from rackfocus.threads import bands, run_bands
from rackfocus.video.stabilizer import kernels
from rackfocus.video.stabilizer.scales import Scales


class CPUWindow:
    """A ring buffer of frames with their flows, allocated once.

    Args:
        slots: number of frames it holds; frame `i` is in slot `i % slots`.
        height: of the grid, in cells.
        width: of the grid, in cells.
    """

    def __init__(self, slots: int, height: int, width: int) -> None:
        self.slots = slots
        self._lumas = np.zeros((slots, height, width), np.uint8)
        self._disparities = np.zeros((slots, height, width), np.float32)
        self._exposures = np.zeros((slots, height, width, 3), np.float32)
        self._lit = np.zeros((slots, height, width), np.bool_)
        self._backward = np.zeros((slots, height, width, 2), np.float32)
        self._forward = np.zeros((slots, height, width, 2), np.float32)

    def put(
        self,
        frame: int,
        luma: UInt8[np.ndarray, "height width"],
        disparity: Float[Tensor, "1 height width"],
        log_exposure: Float[Tensor, "3 height width"],
    ) -> None:
        """Store a frame, on the grid, in place of the oldest one."""
        slot = frame % self.slots
        self._lumas[slot] = luma
        self._disparities[slot] = disparity[0].numpy()
        # Many frames have `E = 0` everywhere; then the memory for `E` is not accessed.
        if bool(log_exposure.any()) or self._lit[slot].any():
            self._exposures[slot] = log_exposure.permute(1, 2, 0).numpy()
            kernels.find_nonzero_exposure(self._exposures[slot], self._lit[slot])

    def link(
        self,
        frame: int,
        forward: Float32[np.ndarray, "height width 2"],
        backward: Float32[np.ndarray, "height width 2"],
        delta_px: float,
    ) -> None:
        """Store the flows between a frame and the previous one, NaN where they are not consistent.

        Args:
            frame: the later of the two.
            forward: from the previous frame to this one.
            backward: from this frame to the previous one.
            delta_px: of Eq. 7, in cells.
        """
        kept_forward = self._forward[(frame - 1) % self.slots]
        kept_backward = self._backward[frame % self.slots]
        kept_forward[:], kept_backward[:] = forward, backward
        delta = np.float32(delta_px)

        def check(rows: tuple[int, int]) -> None:
            kernels.keep_consistent(kept_forward, backward, delta, rows)
            kernels.keep_consistent(kept_backward, forward, delta, rows)

        run_bands(check, bands(len(forward)))

    def stabilized(
        self, frame: int, first: int, last: int, scales: Scales
    ) -> tuple[Float[Tensor, "1 height width"], Float[Tensor, "3 height width"]]:
        """`D` and `E` of a frame by Eq. 8, from the frames `first` to `last` inclusive."""
        past = np.arange(frame, first - 1, -1) % self.slots
        future = np.arange(frame, last + 1) % self.slots
        falls = tuple(np.float32(scale) for scale in scales)
        height, width = self._disparities.shape[1:]
        disparity = np.empty((height, width), np.float32)
        log_exposure = np.empty((3, height, width), np.float32)

        def filter_(rows: tuple[int, int]) -> None:
            kernels.stabilize(
                self._lumas,
                self._disparities,
                self._exposures,
                self._lit,
                self._backward,
                self._forward,
                past,
                future,
                falls,
                rows,
                disparity,
                log_exposure,
            )

        run_bands(filter_, bands(height))
        return torch.from_numpy(disparity)[None], torch.from_numpy(log_exposure)
