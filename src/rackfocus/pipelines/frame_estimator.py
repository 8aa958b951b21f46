"""Estimates `D` and `E` of the frames of a video by a model.

The depth of a `model/depth` is relative: its scale and shift are arbitrary. They are taken from the first
frame of each shot that is not blank and held until the next cut, so that the disparity of static objects does
not change when near objects enter or leave. The choice of that frame and the size at which it is examined
depend on the video alone: finding focus and rendering use the same scale, and a job that resumes after an
interruption gives the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from rackfocus.device import CPU
from rackfocus.models.backends import CompositeEstimator, NearnessScale, RGBDHDREstimator, VideoMoment
from rackfocus.models.half_precision import half_precision
from rackfocus.optics.curve_tables import to_srgb
from rackfocus.types import RGBDHDR
from rackfocus.video import Frame, Transfer, VideoInfo
from rackfocus.video.decoding.reduction import Size
from rackfocus.video.shot_cuts import THUMBNAIL, begins_shot

SCALE_LONGER_SIDE = 640
"""The longer side of the image from which the scale of a shot is computed."""

LEAST_CONTRAST = 4.0
"""The least standard deviation of luma (0..255) of an image that is not blank; the black or white frames of a
fade have less, even with noise."""

Image = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True)
class ShownFrame:
    """A frame of a video as an estimator knows it.

    Attributes:
        index: from 0.
        time_s: display time, since the first frame.
        scale: of its shot; `None`: the frame gets a scale of its own.
    """

    index: int
    time_s: float
    scale: NearnessScale | None = None


class FrameEstimator:
    """Estimates single frames of a video, given each frame's index, time and the scale of its shot.

    Args:
        network: estimates `D` and `E`; a module is moved to the device.
        network_size_px: the longer side of the network's input; `None`: the whole image.
        frames: the number of frames of the video; `None` if its container does not state it.
        device: on which it estimates.
    """

    def __init__(
        self,
        network: RGBDHDREstimator,
        network_size_px: int | None,
        *,
        frames: int | None = None,
        device: torch.device = CPU,
    ) -> None:
        if isinstance(network, nn.Module):
            network.to(device)
        self._network, self._size_px, self._frames, self._device = network, network_size_px, frames, device
        self._assembled = (
            network if isinstance(network, CompositeEstimator) and network.depth is not None else None
        )

    @property
    def holds_scale(self) -> bool:
        """Whether the frames of a shot share a scale; otherwise every frame is estimated independently."""
        return self._assembled is not None

    @torch.inference_mode()
    def estimate(
        self,
        srgb: Float[Tensor, "batch 3 height width"],
        shown: Sequence[ShownFrame],
    ) -> RGBDHDR:
        """`D` and `E` of some frames, on the device.

        Args:
            srgb: the frames, encoded, of any size, on any device.
            shown: which frame of the video each is.

        Raises:
            InputError: recorded depth has none for a frame.
        """
        srgb = srgb.to(self._device)
        if self._assembled is None:
            with half_precision(self._network, srgb.device):
                return self._network(srgb, network_size_px=self._size_px)
        return self._assembled(
            srgb,
            network_size_px=self._size_px,
            moments=[VideoMoment(each.index, each.time_s, self._frames) for each in shown],
            scales=[each.scale for each in shown],
        )

    @torch.inference_mode()
    def scale(
        self, srgb: Float[Tensor, "1 3 height width"], *, index: int, time_s: float
    ) -> NearnessScale | None:
        """The scale of the shot whose first non-blank frame this is; `None` if the depth needs none.

        Raises:
            InputError: recorded depth has none for this frame.
        """
        if self._assembled is None:
            return None
        return self._assembled.nearness_scale(srgb.to(self._device), VideoMoment(index, time_s, self._frames))


class SequentialEstimator:
    """Estimates the frames of a video in order.

    `see` has to be called with every frame, `shown` after it for those that are needed; `estimate` follows
    for these, one or several at once.

    Args:
        network: as in `FrameEstimator`.
        network_size_px: as in `FrameEstimator`.
        frames: as in `FrameEstimator`.
        device: as in `FrameEstimator`.
    """

    def __init__(
        self,
        network: RGBDHDREstimator,
        network_size_px: int | None,
        *,
        frames: int | None = None,
        device: torch.device = CPU,
    ) -> None:
        self._estimator = FrameEstimator(network, network_size_px, frames=frames, device=device)
        self._at: Frame | None = None
        self._origin_s = 0.0
        self._before: Image | None = None
        self._anchor: Frame | None = None
        self._scale: NearnessScale | None = None
        self._has_scale = False

    def first_seen(self, first: int) -> int:
        """The first frame that `see` needs so that `first` can be estimated."""
        return 0 if self._estimator.holds_scale else first

    def seen_size(self, info: VideoInfo, size: Size) -> Size:
        """The least width and height of the frames given to `see`, of a video that is shown at this size."""
        if not self._estimator.holds_scale:
            return size
        return max(size, reduced_size(info.width, info.height, SCALE_LONGER_SIDE))

    def see(self, frame: Frame) -> None:
        """Process the next frame: detect a cut, and the scale of the shot."""
        if self._at is None:
            self._origin_s = frame.time_s
        self._at = frame
        if not self._estimator.holds_scale:
            return
        thumbnail = reduced(frame, THUMBNAIL)
        if self._before is not None and begins_shot(self._before, thumbnail):
            self._anchor = None
        if self._anchor is None and is_not_blank(thumbnail):
            self._anchor, self._has_scale = frame, False
        self._before = thumbnail

    def shown(self) -> ShownFrame:
        """The frame last given to `see`, with the scale of its shot.

        Raises:
            InputError: recorded depth has none for the frame from which the scale is taken.
        """
        frame = self._at
        assert frame is not None
        return ShownFrame(frame.index, frame.time_s - self._origin_s, self._shot_scale())

    def estimate(self, srgb: Float[Tensor, "batch 3 height width"], shown: Sequence[ShownFrame]) -> RGBDHDR:
        """See `FrameEstimator.estimate`."""
        return self._estimator.estimate(srgb, shown)

    def _shot_scale(self) -> NearnessScale | None:
        anchor = self._anchor
        if anchor is None:
            return None
        if not self._has_scale:
            width, height = anchor.encoded.shape[-1], anchor.encoded.shape[-2]
            picture = reduced(anchor, reduced_size(width, height, SCALE_LONGER_SIDE))
            self._scale = self._estimator.scale(
                srgb_of(picture, anchor.transfer), index=anchor.index, time_s=anchor.time_s - self._origin_s
            )
            self._has_scale = True
        return self._scale


def srgb_of(image: Image, transfer: Transfer) -> Float[Tensor, "1 3 height width"]:
    """An image as the models' input: encoded sRGB in 0..1.

    Args:
        image: encoded RGB in 0..255.
        transfer: its transfer function.
    """
    encoded = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    return to_srgb(transfer.value)(encoded.half())


def is_not_blank(image: Image) -> bool:
    """Whether an image, encoded RGB in 0..255, has enough contrast to show anything; see `LEAST_CONTRAST`."""
    return float(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).std()) >= LEAST_CONTRAST


def reduced_size(width: int, height: int, longer_side_px: int) -> tuple[int, int]:
    """Width and height, reduced so that the longer side is at most `longer_side_px`."""
    reduction = min(1.0, longer_side_px / max(width, height))
    return max(1, round(width * reduction)), max(1, round(height * reduction))


def reduced(frame: Frame, size: tuple[int, int]) -> Image:
    """The image of a frame, resized to this width and height, in its own encoding."""
    planes = list(frame.encoded.numpy())
    if planes[0].shape != (size[1], size[0]):
        planes = [cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes]
    return cv2.merge([cv2.convertScaleAbs(plane, alpha=255) for plane in planes])
