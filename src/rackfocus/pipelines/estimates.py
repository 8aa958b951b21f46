"""The frames of a video with their `D` and `E`, in order: estimated one by one, or read from disk."""

import dataclasses
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.optics.curve_tables import decoding, encoding, to_srgb
from rackfocus.pipelines.frame_estimator import SequentialEstimator
from rackfocus.pipelines.prefetch import prefetch
from rackfocus.types import InputError
from rackfocus.video import Frame, VideoReader
from rackfocus.video.stabilizer.stabilizer import Stabilized, Stabilizer

Size = tuple[int, int]
"""Width and height in pixels."""


@dataclass(frozen=True)
class EstimatedFrame:
    """A frame at rendering size, in half precision: finer than 10 bits, half the memory of single precision.

    Attributes:
        frame: the image and its time; its `encoded` is R'G'B' in 0..1.
        disparity: in pixels of this image.
        log_exposure: `>= 0`.
        is_cut: whether a new shot begins with it, where cuts were detected; otherwise false.
    """

    frame: Frame
    disparity: Float[Tensor, "1 height width"]
    log_exposure: Float[Tensor, "3 height width"]
    is_cut: bool = False


class Estimates(Protocol):
    """A source of estimated frames. An estimate does not depend on the frame at which reading begins."""

    @property
    def size(self) -> Size:
        """Width and height of the frames."""
        ...

    def frames(self, first: int, last: int | None, needed: int | None) -> Iterator[EstimatedFrame]:
        """The frames from `first` to `last` (excluded).

        Args:
            first: the first frame.
            last: the frame after the last one; `None`: the end.
            needed: the first frame that is optional: from there on, a damaged frame ends the video without an
                error. `None`: all frames are needed.

        Raises:
            InputError: a frame that is needed cannot be read.
        """
        ...

    def identity(self) -> Any:
        """A value that differs between different estimates, for `fingerprint`."""
        ...


@dataclass(frozen=True)
class VideoEstimates:
    """Estimates and stabilises the frames while they are read.

    Attributes:
        reader: reads the video.
        network: estimates `D` and `E`.
        stabilizer: without state; it also receives the frames before and after the range that it needs.
        network_size_px: the longer side of the network's input; `None`: the whole frame.
        size: width and height of the frames to give.

    Raises:
        InputError: `network_size_px` is not a whole number of pixels.
    """

    reader: VideoReader
    network: RGBDHDREstimator
    stabilizer: Stabilizer
    network_size_px: int | None
    size: Size

    def __post_init__(self) -> None:
        pixels = self.network_size_px
        if pixels is not None and not (isinstance(pixels, int) and pixels >= 1):
            raise InputError(f"network_size_px must be a whole number of pixels, and is {pixels}.")

    def frames(self, first: int, last: int | None, needed: int | None) -> Iterator[EstimatedFrame]:
        """See `Estimates.frames`."""
        waiting: deque[Frame] = deque()

        def settle(settled: list[Stabilized]) -> Iterator[EstimatedFrame]:
            for each in settled:
                frame = waiting.popleft()
                if frame.index >= first and (last is None or frame.index < last):
                    yield EstimatedFrame(frame, each.disparity.half(), each.log_exposure.half(), each.is_cut)

        estimator = SequentialEstimator(self.network, self.network_size_px, frames=self.reader.info.frames)
        start = max(0, first - self.stabilizer.warm_up_frames)
        stop = None if last is None else last + self.stabilizer.look_ahead_frames
        for frame in prefetch(_readable(self.reader, estimator.first_seen(start), stop, needed)):
            estimator.see(frame)
            if frame.index < start:
                continue
            with torch.inference_mode():
                shown, curve = _of_size(frame, self.size), to_srgb(frame.transfer.value)
                estimate = estimator.estimate(curve(shown.encoded[None]))
                image = curve.image(shown.encoded)
            waiting.append(shown)
            yield from settle(self.stabilizer.push(image, estimate.disparity[0], estimate.log_exposure[0]))
        yield from settle(self.stabilizer.finish())

    def identity(self) -> Any:
        """See `Estimates.identity`."""
        return self.network, self.stabilizer, self.network_size_px


class StoredMaps(Protocol):
    """`D` and `E` of some frames of a video on disk: a refocusable clip, or `KeptEstimates`."""

    @property
    def frame_range(self) -> range:
        """The frames that are stored."""
        ...

    def disparity(self, frame: int) -> Float[Tensor, "1 height width"]:
        """`D` of a frame, in pixels of the map; the map covers the whole frame."""
        ...

    def log_exposure(self, frame: int) -> Float[Tensor, "3 height width"]:
        """`E >= 0` of a frame."""
        ...

    def identity(self) -> Any:
        """A value that differs between different maps, for `fingerprint`."""
        ...


@dataclass(frozen=True)
class StoredEstimates:
    """Reads estimates that are stored on disk.

    Attributes:
        maps: the stored `D` and `E`.
        reader: reads their video.
        size: width and height of the frames to give.
    """

    maps: StoredMaps
    reader: VideoReader
    size: Size

    def frames(self, first: int, last: int | None, needed: int | None) -> Iterator[EstimatedFrame]:
        """See `Estimates.frames`; ends with the last stored frame."""
        held = self.maps.frame_range
        stop = held.stop if last is None else min(last, held.stop)
        for frame in prefetch(_readable(self.reader, first, stop, needed)):
            disparity, log_exposure = self.maps.disparity(frame.index), self.maps.log_exposure(frame.index)
            scale_from_map = self.size[0] / disparity.shape[-1]
            with torch.inference_mode():
                shown = _of_size(frame, self.size)
                disparity = resized(disparity[None], self.size)[0] * scale_from_map
                log_exposure = resized(log_exposure[None], self.size)[0]
            yield EstimatedFrame(shown, disparity.half(), log_exposure.half())

    def identity(self) -> Any:
        """See `Estimates.identity`."""
        return self.maps.identity()


def _of_size(frame: Frame, size: Size) -> Frame:
    """A frame resized in linear light, in half precision."""
    encoded = frame.encoded
    if size != (encoded.shape[-1], encoded.shape[-2]):
        decode, encode = decoding(frame.transfer.value), encoding(frame.transfer.value)
        encoded = encode(resized(decode(encoded[None]), size))[0]
    return dataclasses.replace(frame, encoded=encoded.half())


def resized(
    image: Float[Tensor, "batch channel height width"], size: Size
) -> Float[Tensor, "batch channel rows columns"]:
    """An image resized to this width and height; averaged where it shrinks."""
    width, height = size
    if image.shape[-2:] == (height, width):
        return image
    return F.interpolate(image, size=(height, width), mode="bilinear", antialias=True)


def _readable(reader: VideoReader, first: int, last: int | None, needed: int | None) -> Iterator[Frame]:
    following = first
    try:
        for frame in reader.frames(first, last):
            following = frame.index + 1
            yield frame
    except InputError:
        if needed is None or following < needed:
            raise
