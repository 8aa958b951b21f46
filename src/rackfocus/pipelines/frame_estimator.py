"""Estimates `D` and `E` of the frames of a video by a model.

The depth of a `model/depth` is relative: its scale and shift are arbitrary. They are taken from the first
frame of each shot that is not blank and held until the next cut, so that the disparity of static objects does
not change when near objects enter or leave. The choice of that frame and the size at which it is examined
depend on the video alone: finding focus and rendering use the same scale, and a job that resumes after an
interruption gives the same bytes.
"""

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from rackfocus.models.backends import CompositeEstimator, NearnessScale, RGBDHDREstimator, VideoMoment
from rackfocus.optics.curve_tables import to_srgb
from rackfocus.types import RGBDHDR
from rackfocus.video import Frame, Transfer
from rackfocus.video.shot_cuts import THUMBNAIL, begins_shot

SCALE_LONGER_SIDE = 640
"""The longer side of the image from which the scale of a shot is computed."""

LEAST_CONTRAST = 4.0
"""The least standard deviation of luma (0..255) of an image that is not blank; the black or white frames of a
fade have less, even with noise."""

Image = UInt8[np.ndarray, "height width 3"]


class FrameEstimator:
    """Estimates single frames of a video, given each frame's index, time and the scale of its shot.

    Args:
        network: estimates `D` and `E`.
        network_size_px: the longer side of the network's input; `None`: the whole image.
        frames: the number of frames of the video; `None` if its container does not state it.
    """

    def __init__(
        self, network: RGBDHDREstimator, network_size_px: int | None, *, frames: int | None = None
    ) -> None:
        self._network, self._size_px, self._frames = network, network_size_px, frames
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
        srgb: Float[Tensor, "1 3 height width"],
        *,
        index: int,
        time_s: float,
        scale: NearnessScale | None,
    ) -> RGBDHDR:
        """`D` and `E` of a frame.

        Args:
            srgb: the frame, encoded, of any size.
            index: of the frame, from 0.
            time_s: since the first frame.
            scale: of its shot; `None`: the frame gets a scale of its own.

        Raises:
            InputError: recorded depth has none for this frame.
        """
        if self._assembled is None:
            return self._network(srgb, network_size_px=self._size_px)
        moment = VideoMoment(index, time_s, self._frames)
        return self._assembled(srgb, network_size_px=self._size_px, moment=moment, scale=scale)

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
        return self._assembled.nearness_scale(srgb, VideoMoment(index, time_s, self._frames))


class SequentialEstimator:
    """Estimates the frames of a video in order.

    `see` has to be called with every frame; `estimate` follows for the frames that are needed.

    Args:
        network: as in `FrameEstimator`.
        network_size_px: as in `FrameEstimator`.
        frames: as in `FrameEstimator`.
    """

    def __init__(
        self, network: RGBDHDREstimator, network_size_px: int | None, *, frames: int | None = None
    ) -> None:
        self._estimator = FrameEstimator(network, network_size_px, frames=frames)
        self._at: Frame | None = None
        self._origin_s = 0.0
        self._before: Image | None = None
        self._anchor: Frame | None = None
        self._scale: NearnessScale | None = None
        self._has_scale = False

    def first_seen(self, first: int) -> int:
        """The first frame that `see` needs so that `first` can be estimated."""
        return 0 if self._estimator.holds_scale else first

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

    def estimate(self, srgb: Float[Tensor, "1 3 height width"]) -> RGBDHDR:
        """`D` and `E` of the frame last given to `see`.

        Args:
            srgb: the frame, converted by `srgb_of`, of any size.

        Raises:
            InputError: recorded depth has none for this frame.
        """
        frame = self._at
        assert frame is not None
        return self._estimator.estimate(
            srgb, index=frame.index, time_s=frame.time_s - self._origin_s, scale=self._shot_scale()
        )

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
    planes = frame.encoded.numpy()
    if planes.shape[1:] != (size[1], size[0]):
        planes = np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes])
    return np.ascontiguousarray((planes * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0))
