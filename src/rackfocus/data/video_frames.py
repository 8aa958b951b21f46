"""Reads single frames of a video by index, reduced in size, decoding from the preceding key frame."""

import bisect
import contextlib
import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import torch
from av.container import InputContainer
from av.video.stream import VideoStream
from jaxtyping import Float
from torch import Tensor

from rackfocus.optics.radiometry import TRANSFER_CURVES, linear_to_srgb
from rackfocus.types import InputError
from rackfocus.video import Transfer
from rackfocus.video.decode import open_container, video_stream
from rackfocus.video.decoding.decoder import decoder
from rackfocus.video.decoding.interlacing import deinterlaced, field_order
from rackfocus.video.decoding.packets import packets_of
from rackfocus.video.source import look_of

_REFRESH = re.compile(rb"\x00\x00\x01[\x25\x45\x65]")
"""The start code and header of an H.264 NAL unit of type 5, an instantaneous decoding refresh."""


@dataclass(frozen=True)
class FramesRead:
    """Frames reduced to the working size, encoded sRGB in 0..1; height and width of the video as shown."""

    frames: Float[Tensor, "frame 3 height width"]
    source_size: tuple[int, int]


@dataclass(frozen=True)
class _Packets:
    """The container's table of packets, in decoding order.

    Attributes:
        times: time stamp of each: of display, or of decoding in an AVI.
        shown: the rank of each by that time.
        numbers: the index of each stored frame, in the order of display, and at the end the number of all.
            They differ from ranks in an AVI with empty chunks, which repeat the frame before.
        keys: packets at which decoding may start. In an AVI, where frames are counted, a key frame is left
            out if a later packet is displayed before it.
    """

    times: tuple[int, ...]
    shown: tuple[int, ...]
    keys: tuple[int, ...]
    numbers: tuple[int, ...]


def working_size(source: tuple[int, int], longer_side_px: int) -> tuple[int, int]:
    """Height and width for this longer side, with the aspect ratio kept."""
    scale = longer_side_px / max(source)
    return max(1, round(source[0] * scale)), max(1, round(source[1] * scale))


def read_frames(path: Path, indices: Sequence[int], *, longer_side_px: int) -> FramesRead:
    """Read the frames of a video at the given indices from 0, which must increase, reduced to this longer
    side.

    Raises:
        InputError: the file is missing, no video, damaged at these frames, or ends before them.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing; get the data set again.")
    packets = _packets(path, path.stat().st_mtime_ns)
    if indices[-1] >= packets.numbers[-1]:
        raise InputError(
            f"{path} ends after {packets.numbers[-1]} frames, and frame {indices[-1]} is needed; it was cut "
            "short, so get it again."
        )
    wanted = set(indices)
    frames: list[Tensor] = []
    source_size = (0, 0)
    with open_container(path) as container:
        stream = video_stream(container, path)
        look = None
        pictures = _pictures_from(container, stream, path, packets, indices[0])
        if (order := _field_order(path, path.stat().st_mtime_ns)) is not None:
            pictures = deinterlaced(pictures, order)
        for index, picture in pictures:
            if index not in wanted:
                continue
            look = look or look_of(
                picture,
                str(path),
                stream.codec_context.name,
                pixel_aspect=stream.sample_aspect_ratio or None,
            )
            rgb = look.rgb(picture)
            source_size = (rgb.shape[1], rgb.shape[2])
            frames.append(_small(rgb, working_size(source_size, longer_side_px), look.transfer))
            if len(frames) == len(indices):
                break
    if len(frames) < len(indices):
        raise InputError(
            f"{path} is damaged or cut short: frame {indices[len(frames)]} cannot be read; get it again."
        )
    return FramesRead(torch.stack(frames), source_size)


def small_picture(rgb: Float[Tensor, "3 height width"], longer_side_px: int) -> Tensor:
    """A still picture, encoded sRGB, reduced to the working size."""
    return _small(rgb, working_size((rgb.shape[1], rgb.shape[2]), longer_side_px), Transfer.SRGB)


def _small(rgb: Tensor, size: tuple[int, int], transfer: Transfer) -> Tensor:
    how = cv2.INTER_AREA if size[0] < rgb.shape[1] else cv2.INTER_LINEAR
    planes = [cv2.resize(plane.numpy(), size[::-1], interpolation=how) for plane in rgb]
    small = torch.from_numpy(np.stack(planes))
    if transfer is Transfer.SRGB:
        return small
    decode, _ = TRANSFER_CURVES[transfer.value]
    return linear_to_srgb(decode(small))


@functools.lru_cache(maxsize=1024)
def _packets(path: Path, _changed: int) -> _Packets:
    """Read the table of packets without decoding. `_changed` invalidates the cache."""
    times: list[int] = []
    keys: list[int] = []
    try:
        with open_container(path) as container:
            is_avi = container.format.name == "avi"
            stream = video_stream(container, path)
            frames = stream.frames if is_avi else 0
            for packet in packets_of(container, stream):
                time = packet.dts if is_avi or packet.pts is None else packet.pts
                if packet.size == 0 or time is None:
                    continue
                if not times or (packet.is_keyframe and (not is_avi or _is_closed(packet, stream))):
                    keys.append(len(times))
                times.append(time)
    except (av.FFmpegError, OSError) as error:
        raise InputError(f"{path} is damaged or cut short; get it again.") from error
    if not times:
        raise InputError(f"{path} holds no frame that can be read; get it again.")
    ranks = np.empty(len(times), int)
    ranks[np.argsort(times, kind="stable")] = np.arange(len(times))
    stored = sorted(times) if is_avi else list(range(len(times)))
    numbers = [number - stored[0] for number in stored]
    return _Packets(
        tuple(times), tuple(ranks.tolist()), tuple(keys), (*numbers, max(frames, numbers[-1] + 1))
    )


@functools.lru_cache(maxsize=1024)
def _field_order(path: Path, _changed: int) -> str | None:
    """See `field_order`; of the first pictures that can be decoded."""
    with open_container(path) as container:
        pictures = container.decode(video_stream(container, path))
        with contextlib.suppress(av.FFmpegError, OSError):
            return field_order(pictures)
    return None


def _is_closed(key: av.Packet, stream: VideoStream) -> bool:
    """Whether all frames decoded after a key frame are also displayed after it."""
    if not stream.codec_context.has_b_frames:
        return True
    # In H.264 this is an instantaneous decoding refresh unit. MPEG-4 Part 2 has no such mark.
    return stream.codec_context.name == "h264" and _REFRESH.search(bytes(key)) is not None


def _pictures_from(
    container: InputContainer, stream: VideoStream, path: Path, packets: _Packets, first: int
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Decode from the last key frame that is displayed at or before `first`."""
    rank = bisect.bisect_right(packets.numbers[:-1], first) - 1
    key = max((key for key in packets.keys if packets.shown[key] <= rank), default=0)
    by_time = dict(zip(packets.times, packets.shown, strict=True))
    is_avi = container.format.name == "avi"
    count, decode = rank, decoder(stream)
    try:
        if key > 0:
            container.seek(packets.times[key], stream=stream, backward=True)
        started = False
        for packet in packets_of(container, stream):
            if not started and packet.size:
                time = packet.dts if is_avi or packet.pts is None else packet.pts
                if time is None or not packet.is_keyframe:
                    continue
                started, count = True, by_time[time]
            for picture in decode(packet):
                shown = count if is_avi or picture.pts is None else by_time[picture.pts]
                for index in range(packets.numbers[shown], packets.numbers[shown + 1]):
                    yield index, picture
                count += 1
    except (av.FFmpegError, OSError, KeyError) as error:
        raise InputError(
            f"{path} is damaged or cut short: frame {count} cannot be read; get it again."
        ) from error
