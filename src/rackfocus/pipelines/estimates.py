"""The frames of a video with their `D` and `E`, in order: estimated one by one, or read from disk."""

import dataclasses
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.device import CPU, Batches, upload
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.optics.curve_tables import decoding, encoding, to_srgb
from rackfocus.pipelines.frame_estimator import SequentialEstimator, ShownFrame
from rackfocus.pipelines.prefetch import prefetch
from rackfocus.types import InputError
from rackfocus.video import Frame, VideoReader
from rackfocus.video.decoding.reduction import LightReduction, Size, resized
from rackfocus.video.flow.optical_flow import Image
from rackfocus.video.stabilizer.stabilizer import Stabilized, Stabilizer

FRAMES_AT_ONCE = 8
"""How many frames the network estimates at once on a GPU, if its memory suffices."""


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


_Estimated = tuple[Frame, Image, Tensor, Tensor]
"""A frame at rendering size, its image for the stabiliser, and its `D` and `E`."""


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
        device: on which they are estimated, stabilised and given.

    Raises:
        InputError: `network_size_px` is not a whole number of pixels.
    """

    reader: VideoReader
    network: RGBDHDREstimator
    stabilizer: Stabilizer
    network_size_px: int | None
    size: Size
    device: torch.device = CPU

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

        start = max(0, first - self.stabilizer.warm_up_frames)
        stop = None if last is None else last + self.stabilizer.look_ahead_frames
        for frame, image, disparity, log_exposure in self._estimated(start, stop, needed):
            waiting.append(frame)
            yield from settle(self.stabilizer.push(image, disparity, log_exposure))
        yield from settle(self.stabilizer.finish())

    def _estimated(self, first: int, last: int | None, needed: int | None) -> Iterator[_Estimated]:
        """The frames with their estimates, before the stabiliser."""
        estimator = SequentialEstimator(
            self.network, self.network_size_px, frames=self.reader.info.frames, device=self.device
        )

        def estimate(shown: Sequence[tuple[Frame, Tensor, ShownFrame]]) -> list[_Estimated]:
            with torch.inference_mode():
                # One by one, as on a CPU, they are not copied.
                srgb = shown[0][1] if len(shown) == 1 else torch.cat([each for _, each, _ in shown])
                found = estimator.estimate(srgb, [each for *_, each in shown])
                return [
                    (frame, to_srgb(frame.transfer.value).image(frame.encoded), *maps)
                    for (frame, *_), *maps in zip(shown, found.disparity, found.log_exposure, strict=True)
                ]

        at_once = Batches(1 if self.device.type == "cpu" else FRAMES_AT_ONCE)
        held: list[tuple[Frame, Tensor, ShownFrame]] = []
        size = estimator.seen_size(self.reader.info, self.size)
        read = _readable(self.reader, estimator.first_seen(first), last, needed, size)
        for frame, encoded in prefetch(_uploaded(read, self.device)):
            estimator.see(frame)
            if frame.index < first:
                continue
            with torch.inference_mode():
                shown = frame_at(self.size, frame, encoded)
                srgb = to_srgb(frame.transfer.value)(shown.encoded[None])
            held.append((shown, srgb, estimator.shown()))
            del frame, encoded, srgb  # their memory, while the network runs
            if len(held) >= at_once.size:
                yield from at_once(estimate, held)
                held = []
        yield from at_once(estimate, held)

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
        device: on which they are given.
    """

    maps: StoredMaps
    reader: VideoReader
    size: Size
    device: torch.device = CPU

    def frames(self, first: int, last: int | None, needed: int | None) -> Iterator[EstimatedFrame]:
        """See `Estimates.frames`; ends with the last stored frame."""
        held = self.maps.frame_range
        stop = held.stop if last is None else min(last, held.stop)
        if first >= stop:
            return
        read = _readable(self.reader, first, stop, needed, self.size)
        for shown in prefetch(self._shown(frame) for frame in read):
            yield self._estimated(shown)

    @torch.inference_mode()
    def _shown(self, frame: Frame) -> Frame:
        return frame_at(self.size, frame, upload(frame.encoded, self.device))

    @torch.inference_mode()
    def _estimated(self, frame: Frame) -> EstimatedFrame:
        disparity, log_exposure = (
            upload(read_map(frame.index), self.device)
            for read_map in (self.maps.disparity, self.maps.log_exposure)
        )
        scale_from_map = self.size[0] / disparity.shape[-1]
        disparity = resized(disparity[None], self.size)[0] * scale_from_map
        log_exposure = resized(log_exposure[None], self.size)[0]
        return EstimatedFrame(frame, disparity.half(), log_exposure.half())

    def identity(self) -> Any:
        """See `Estimates.identity`."""
        return self.maps.identity()


def frame_at(size: Size, frame: Frame, encoded: Tensor) -> Frame:
    """A frame with its image, on any device, resized in linear light; in half precision."""
    if size != (encoded.shape[-1], encoded.shape[-2]):
        decode, encode = decoding(frame.transfer.value), encoding(frame.transfer.value)
        encoded = encode(resized(decode(encoded[None]), size))[0]
    return dataclasses.replace(frame, encoded=encoded.half())


def in_linear_light(size: Size) -> LightReduction:
    """How a reader reduces large frames to this width and height."""
    return LightReduction(size, decoding, encoding)


def _uploaded(frames: Iterator[Frame], device: torch.device) -> Iterator[tuple[Frame, Tensor]]:
    """Each frame as it was read, and its image on the device."""
    return ((frame, upload(frame.encoded, device)) for frame in frames)


def _readable(
    reader: VideoReader, first: int, last: int | None, needed: int | None, size: Size
) -> Iterator[Frame]:
    following = first
    try:
        for frame in reader.frames(first, last, reduction=in_linear_light(size)):
            following = frame.index + 1
            yield frame
    except InputError:
        if needed is None or following < needed:
            raise
