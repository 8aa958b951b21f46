"""`D` and `E` of the frames of a video: the one place that shows its pictures to a model.

The depth of a `model/depth` is relative: its scale and shift mean nothing by themselves. They are taken from
the first frame of each shot on which anything can be seen and held until the next cut, so that what stays
where it is keeps its disparity while near things come and go. Which frame that is, and the size at which it
is looked at, depend on the video alone: finding focus and rendering it use the same scale, and a video that
goes on after a stop comes to the same bytes.
"""

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from rackfocus.models.backends import CompositeEstimator, NearnessScale, RGBDHDREstimator, VideoMoment
from rackfocus.optics.radiometry import TRANSFER_CURVES, linear_to_srgb
from rackfocus.types import RGBDHDR
from rackfocus.video import Frame, Transfer
from rackfocus.video.shot_cuts import THUMBNAIL, begins_shot

SCALE_LONGER_SIDE = 640
"""The longer side of the picture that the scale of a shot is taken from."""

LEAST_CONTRAST = 4.0
"""The least standard deviation of luma, of 255, of a picture on which anything can be seen: black and white
frames at a fade have less, noise included."""

Image = UInt8[np.ndarray, "height width 3"]


class FrameEstimator:
    """Estimates single frames of a video, each told its place in the video and the scale of its shot.

    Args:
        network: what estimates.
        network_size_px: the longer side of what the network sees; None means the whole picture.
        frames: how many frames the video has; None where its container does not say.
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
        """Whether the frames of a shot share a scale; where not, every frame is estimated by itself."""
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
            time_s: when it is shown, from the first frame.
            scale: of its shot; None gives the frame a scale of its own.

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
        """The scale of the shot whose first visible frame this is; None where it has none of its own.

        Raises:
            InputError: recorded depth has none for this frame.
        """
        if self._assembled is None:
            return None
        return self._assembled.nearness_scale(srgb, VideoMoment(index, time_s, self._frames))


class SequentialEstimator:
    """Estimates the frames of a video in order.

    Each frame is shown to `see` first; frames that are only passed by need no more than that.

    Args:
        network: as of `FrameEstimator`.
        network_size_px: the same.
        frames: the same.
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
        """The frame from which on frames have to be seen for `first` to be estimated."""
        return 0 if self._estimator.holds_scale else first

    def see(self, frame: Frame) -> None:
        """Take the next frame."""
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
        """`D` and `E` of the frame that was seen last.

        Args:
            srgb: the frame, by `srgb_of`, of any size.

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
    """A picture as models take it: encoded sRGB in 0..1.

    Args:
        image: encoded RGB in 0..255.
        transfer: how it is encoded.
    """
    decode, _ = TRANSFER_CURVES[transfer.value]
    encoded = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    return linear_to_srgb(decode(encoded).clamp(0, 1))


def is_not_blank(image: Image) -> bool:
    """Whether anything can be seen on a picture, encoded RGB in 0..255."""
    return float(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).std()) >= LEAST_CONTRAST


def reduced_size(width: int, height: int, longer_side_px: int) -> tuple[int, int]:
    """Width and height with the longer side at most `longer_side_px`."""
    reduction = min(1.0, longer_side_px / max(width, height))
    return max(1, round(width * reduction)), max(1, round(height * reduction))


def reduced(frame: Frame, size: tuple[int, int]) -> Image:
    """A frame of that width and height, encoded as it is."""
    planes = frame.encoded.numpy()
    if planes.shape[1:] != (size[1], size[0]):
        planes = np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes])
    return np.ascontiguousarray((planes * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0))
