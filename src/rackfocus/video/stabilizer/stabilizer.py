"""The temporal stabiliser (Sec. 4.2), which removes flicker from `D` and `E`, frame by frame.

Eq. 8 is the weighted mean of a frame and its neighbours in time, warped to it by optical flow:

    D_i = sum_j W_j * D_j(p + f_{i->j}(p)),    W_j ~ w_occl_j * w_med_j,    sum_j W_j = 1,    including W_i

`f_{i->j}` is composed of flows between successive frames, which are computed once and kept: two new ones for
each frame. `w_occl_j` is 1 where every step is consistent forward and back (Eq. 7), else 0; for the frame
itself it is always 1.

The paper writes `w_med = exp(-median(|p_i + f_{j->i}(p) - p_i|))` and describes its purpose: a majority vote
against warped pixels with a value unlike the others in the window. It is implemented as

    w_med_k = exp(-median_j |v_k - v_j| / s),    v_j = D_j(p + f_{i->j}(p)), j over the frames seen at p

with a scale `s`, since `D` in pixels depends on the size of the frame. `E` has separate weights.

Flow is inexact at thin objects and silhouettes, in both directions alike, and there the majority can be
wrong. So the look-ahead filter also compares a warped frame with this one: `W_j` has another factor
`exp(-(dY_j / c)^2)` of the difference in luma. `c = inf` is the paper's filter.

`D` comes from a network that sees a few hundred pixels; its edges come from the frame itself. So flow and
filter work on a coarse grid (`grid`), whatever the size of the frames, and what they change is interpolated
and added to the frame's own maps: `D_i + (filtered - own)`. Edges stay as sharp as they were.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float, UInt8
from torch import Tensor

from rackfocus.types import InputError
from rackfocus.video.flow.optical_flow import Flow, Image, OpticalFlow, flow_between
from rackfocus.video.shot_cuts import begins_shot, luma_codes, thumbnail
from rackfocus.video.stabilizer.cpu import CPUWindow
from rackfocus.video.stabilizer.gpu import TorchWindow
from rackfocus.video.stabilizer.grid import cell_px, reduced, reduced_image
from rackfocus.video.stabilizer.own_maps import OwnMaps
from rackfocus.video.stabilizer.scales import Scales

EXPOSURE_SCALE = 1 / 50
"""`s` for `E`: one e-fold of radiance, `exp(50 E)`."""


@dataclass(frozen=True)
class Stabilized:
    """One frame's `D` and `E` after the filter.

    Attributes:
        index: of the frame, counted from 0 over the frames pushed.
        disparity: in pixels of the frame.
        log_exposure: `>= 0`.
        is_cut: whether a new shot begins with this frame; False for the first frame.
    """

    index: int
    disparity: Float[Tensor, "1 height width"]
    log_exposure: Float[Tensor, "3 height width"]
    is_cut: bool


class Stabilizer(Protocol):
    """Takes frames in order and returns each of them, immediately or later.

    Attributes:
        warm_up_frames: how many frames before a frame have to be pushed first for a bit-exact result, as if
            all previous frames had been pushed.
        look_ahead_frames: how many frames after a frame have to be pushed before it is returned.
    """

    warm_up_frames: int
    look_ahead_frames: int

    def push(
        self,
        image: Image,
        disparity: Float[Tensor, "1 height width"],
        log_exposure: Float[Tensor, "3 height width"],
    ) -> list[Stabilized]:
        """Take the next frame; return those that are now complete, in order.

        Args:
            image: of the frame; on the device of the maps, or an array where they are on the CPU.
            disparity: of the frame.
            log_exposure: of the frame.
        """
        ...

    def finish(self) -> list[Stabilized]:
        """Return the frames that are still waiting, and reset the stabiliser."""
        ...


class TemporalStabilizer:
    """Eq. 7 and 8 over a window of past frames and, in a look-ahead filter, of future frames.

    Memory is that of the window. The window is reset at a cut: shots are filtered separately.

    Args:
        flow: between successive frames.
        window_frames: `M`, number of past frames.
        look_ahead_frames: number of future frames; they delay the output.
        size_px: flow and filter work on a grid with at most this number of cells along the longer side;
            `None`: on the frame's pixels.
        delta_px: threshold of Eq. 7, in cells of the grid.
        outlier_scale: `s` of the outlier weight for `D`, as a share of the longer side of the frame.
        luma_scale: `c` of the weight by luma, of 255; `inf`: not used.

    Raises:
        InputError: a number is out of range; on `push`, the size of a frame differs from that of the others.
    """

    _window: CPUWindow | TorchWindow | None
    _size: tuple[int, int] | None
    _thumbnail: UInt8[np.ndarray, "_ _ 3"] | None
    _on_grid: Image | None
    _waiting: dict[int, OwnMaps]
    _pushed: int
    _settled: int
    _shot: int

    def __init__(
        self,
        *,
        flow: OpticalFlow,
        window_frames: int = 6,
        look_ahead_frames: int = 0,
        size_px: int | None = None,
        delta_px: float = 1.0,
        outlier_scale: float = 0.003,
        luma_scale: float = math.inf,
    ) -> None:
        for name, frames in (("window_frames", window_frames), ("look_ahead_frames", look_ahead_frames)):
            if frames < 0:
                raise InputError(f"stabilizer.{name} must be 0 or more, and is {frames}.")
        if size_px is not None and not (isinstance(size_px, int) and size_px >= 1):
            raise InputError(
                f"stabilizer.size_px must be a whole number of 1 or more, or null, and is {size_px}."
            )
        positive = {"delta_px": delta_px, "outlier_scale": outlier_scale, "luma_scale": luma_scale}
        for name, value in positive.items():
            if not value > 0:
                raise InputError(f"stabilizer.{name} must be more than 0, and is {value}.")
        self.flow = flow
        self.window_frames = window_frames
        self.look_ahead_frames = look_ahead_frames
        self.size_px = size_px
        self.delta_px = delta_px
        self.outlier_scale = outlier_scale
        self.luma_scale = luma_scale
        # A cut is detected from the previous frame, even where the window is empty.
        self.warm_up_frames = max(1, window_frames)
        self._begin()

    def push(
        self,
        image: Image,
        disparity: Float[Tensor, "1 height width"],
        log_exposure: Float[Tensor, "3 height width"],
    ) -> list[Stabilized]:
        """See `Stabilizer.push`."""
        frame = self._pushed
        settled: list[Stabilized] = []
        height, width = image.shape[:2]
        if self._size is not None and self._size != (height, width):
            raise InputError(
                f"Frame {frame} is {width} x {height} pixels and those before are {self._size[1]} x "
                f"{self._size[0]}; frames of one size are needed."
            )
        # `begins_shot` compares thumbnails: kept, not made again from the whole frame.
        small = thumbnail(image)
        if self._thumbnail is not None and begins_shot(self._thumbnail, small):
            settled += self._settle(frame)
            self._shot = frame
        cell = cell_px(height, width, self.size_px)
        on_grid = reduced_image(image, cell)
        maps = reduced(disparity.float(), cell), reduced(log_exposure.float(), cell)
        if cell > 1:
            self._waiting[frame] = OwnMaps.of(disparity, log_exposure, maps, cell)
        if self._window is None:
            self._window = self._make_window(maps[0])
        # Arrays on a CPU; on another device tensors, or arrays that its window copies to it.
        luma: Any = luma_codes(on_grid)
        self._window.put(frame, luma, *maps)
        if frame > self._shot:
            forward: Any
            backward: Any
            forward, backward = self._flows(on_grid)
            self._window.link(frame, forward, backward, self.delta_px)
        self._size, self._thumbnail, self._on_grid = (height, width), small, on_grid
        self._pushed += 1
        return settled + self._settle(self._pushed - self.look_ahead_frames)

    def finish(self) -> list[Stabilized]:
        """See `Stabilizer.finish`."""
        settled = self._settle(self._pushed)
        self._begin()
        return settled

    def _begin(self) -> None:
        self._window = None
        self._size = None
        self._thumbnail = None
        self._on_grid = None
        self._waiting = {}
        self._pushed = 0
        self._settled = 0
        self._shot = 0

    def _make_window(self, disparity: Float[Tensor, "1 height width"]) -> CPUWindow | TorchWindow:
        slots = self.window_frames + 1 + self.look_ahead_frames
        if disparity.device.type == "cpu":
            return CPUWindow(slots, *disparity.shape[1:])
        return TorchWindow(slots, disparity.device)

    def _flows(self, image: Image) -> tuple[Flow, Flow]:
        """The flow from the previous frame to this one, and back, computed in parallel."""
        before = self._on_grid
        assert before is not None
        with ThreadPoolExecutor(1) as other:
            backward = other.submit(flow_between, self.flow, image, before)
            return flow_between(self.flow, before, image), backward.result()

    def _settle(self, end: int) -> list[Stabilized]:
        """The frames before `end` that were not returned yet."""
        settled = []
        for frame in range(self._settled, end):
            window = self._window
            assert window is not None
            first = max(self._shot, frame - self.window_frames)
            last = min(self._pushed - 1, frame + self.look_ahead_frames)
            maps = window.stabilized(frame, first, last, self._scales())
            if frame in self._waiting:
                maps = self._waiting.pop(frame).filtered(*maps)
            settled.append(Stabilized(frame, *maps, is_cut=frame == self._shot and frame > 0))
        self._settled = max(self._settled, end)
        return settled

    def _scales(self) -> Scales:
        assert self._size is not None
        return Scales(self.luma_scale, self.outlier_scale * max(self._size), EXPOSURE_SCALE)
