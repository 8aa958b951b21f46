"""Read any frame of a video by its index, at reduced size, for seeking in a player.

A table of the time stamps of all packets gives the place to start decoding and the index of each picture, so
that an index is as exact as with `open_video`. Files without usable stamps, such as H.264 in AVI, are decoded
from the start.
"""

import bisect
import copy
from collections.abc import Generator, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.video.reformatter import Interpolation
from jaxtyping import Float, UInt8

from rackfocus.types import InputError
from rackfocus.video.decode import ContainerReader, open_container, open_video, video_stream
from rackfocus.video.decoding.decoder import Decode, decoder
from rackfocus.video.decoding.interlacing import deinterlaced
from rackfocus.video.decoding.packets import packets_of
from rackfocus.video.packet_table import PacketTable, packet_table
from rackfocus.video.source import SQUARE, VideoInfo, picture_tags

Image = UInt8[np.ndarray, "height width 3"]

SEEK_FRAMES = 48
"""Frames further ahead than this are reached by seeking; nearer ones by decoding."""
READING_THREADS = 2
EXACT_FRAMES = 24
"""From this many frames before the target every picture is decoded; before them, only reference pictures."""


class RandomAccess:
    """Reads reduced frames of a video file, one at a time, fastest in order. A context manager; not
    thread-safe.

    Attributes:
        path: of the video.
        info: its properties.
        size: width and height of the reduced pictures.
        count: number of frames.
        origin_s: display time of the first frame, on the video's clock.
        times_s: display time of each frame, from the first one.

    Args:
        path: of a video file.
        height_px: the largest height of the pictures; they are never enlarged.

    Raises:
        InputError: the file is missing, no video, or damaged at its first frame.
    """

    def __init__(self, path: str | Path, *, height_px: int) -> None:
        with open_video(path) as reader:
            if not isinstance(reader, ContainerReader):
                raise InputError(f"{path} is no video file; give a file such as .mp4, .mov or .mkv.")
            self.path, self.info, self._look, self._reader = reader.path, reader.info, reader.look, reader
            self._file = _identity(self.path)
            self._table = packet_table(self.path)
            if self._table is not None:
                times = np.array(self._table.stamps, np.float64) * float(self.info.time_base)
            else:
                count = self.info.frames or sum(1 for _ in reader.frames())
                times = np.arange(count) / float(self.info.fps)
        self.count, self.origin_s = len(times), float(times[0])
        self.times_s: Float[np.ndarray, " frame"] = times - times[0]
        self.size = _reduced_size(self.info, height_px)
        self._index = {stamp: at for at, stamp in enumerate(self._table.stamps if self._table else ())}
        self._pictures: Generator[tuple[int, av.VideoFrame], None, None] | None = None
        self._next = 0
        self._threads = READING_THREADS

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def again(self) -> Self:
        """A new reader of the same video, for another thread."""
        other = copy.copy(self)
        other._pictures = None
        return other

    def check(self) -> None:
        """Check that the file has not changed.

        Raises:
            InputError: the file was deleted or replaced.
        """
        file = _identity(self.path)
        if file is None:
            raise InputError(f"{self.path} does not exist any more; put it back.")
        if file != self._file:
            raise InputError(f"{self.path} is another file now than when it was opened; open it again.")

    def close(self) -> None:
        """Close the file; reading opens it again."""
        if self._pictures is not None:
            self._pictures.close()
        self._pictures = None

    def read(self, index: int, *, before: int = 0) -> list[tuple[int, Image]]:
        """A frame, encoded RGB in 0..255, and preceding frames that were decoded on the way.

        Args:
            index: of the frame, from 0.
            before: how many of the preceding frames to return, too.

        Returns:
            Indices and pictures; the frame itself is the last one.

        Raises:
            InputError: there is no such frame, the file was deleted, or it is damaged there.
        """
        if not 0 <= index < self.count:
            raise InputError(f"{self.path} has the frames 0 to {self.count - 1}, and no frame {index}.")
        if self._pictures is None or not self._next <= index < self._next + SEEK_FRAMES:
            self.close()
            self._pictures = self._from(index)
        found: list[tuple[int, Image]] = []
        damaged = InputError(
            f"{self.path} is damaged or cut short: frame {index} cannot be read; copy it again."
        )
        try:
            for at, picture in self._pictures:
                self._next = at + 1
                if index - before <= at <= index:
                    found.append((at, self._reduced(picture)))
                if at >= index:
                    break
        except InputError:
            self.close()
            raise
        except (av.FFmpegError, OSError) as error:
            self.close()
            if self._threads > 1:
                # With several threads it cannot be told which packet failed, and whether its picture did.
                self._threads = 1
                return self.read(index, before=before)
            raise damaged from error
        if not found or found[-1][0] != index:
            self.close()
            raise damaged
        return found

    def _from(self, index: int) -> Generator[tuple[int, av.VideoFrame], None, None]:
        """Pictures in display order with their indices, beginning at or before `index`."""
        self.check()
        pictures = self._sought(index)
        if self._table is None or self._reader.field_order is None:
            yield from pictures
        else:
            yield from deinterlaced(pictures, self._reader.field_order)

    def _sought(self, index: int) -> Iterator[tuple[int, av.VideoFrame]]:
        if self._table is None:
            # Deinterlaced already.
            for at, coded in enumerate(self._reader.coded()):
                yield at, coded.picture
            return
        stamps, repeats = self._table.stamps, self._table.repeats
        while index > 0 and stamps[index] in repeats:
            index -= 1
        with open_container(self.path) as container:
            stream: Any = video_stream(container, self.path)
            stream.codec_context.thread_count = self._threads
            decode = decoder(stream) if self._threads == 1 else stream.decode
            for picture in _sought(container, stream, decode, self._table, index):
                if picture.pts is None or picture.pts not in self._index:
                    continue
                at = self._index[picture.pts]
                yield at, picture
                while at + 1 < self.count and stamps[at + 1] in repeats:
                    at += 1
                    yield at, picture

    def _reduced(self, picture: av.VideoFrame) -> Image:
        """Reduce in the coded format, which is fast, and then convert the colours."""
        look, (width, height) = self._look, self.size
        coded = (height, width) if self._look.orientation.sideways else (width, height)
        if picture.format.name.startswith(("yuv", "gray")) and coded != (picture.width, picture.height):
            tags, small = picture_tags(picture), picture.reformat(*coded, interpolation=Interpolation.AREA)
            small.color_range, small.color_trc, small.color_primaries = (
                tags.range,
                tags.transfer,
                tags.primaries,
            )
            # An unspecified matrix is guessed from the size of the full picture.
            guessed = tags.matrix_for(picture.width, picture.height)
            small.colorspace = tags.matrix if self._look.hdr is not None else guessed
            picture, look = small, replace(look, stretch=SQUARE)
        rgb = look.rgb(picture).mul_(255).add_(0.5).byte()
        image: Any = rgb.permute(1, 2, 0).numpy()
        if image.shape[:2] != (height, width):
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(image)


def _sought(
    container: InputContainer, stream: Any, decode: Decode, table: PacketTable, index: int
) -> Iterator[av.VideoFrame]:
    """Pictures in display order, beginning with one that is shown at or before frame `index`."""
    wanted, exact_from = table.stamps[index], table.stamps[max(index - EXACT_FRAMES, 0)]
    before = bisect.bisect_right(table.keys, wanted, key=lambda key: key.shown)
    for key in reversed(table.keys[:before]):
        container.seek(key.sought, stream=stream)
        pictures = _from_key(container, stream, decode, exact_from)
        try:
            first = next(pictures, None)
        except av.FFmpegError:
            # With open groups of pictures, decoding cannot begin at every key frame.
            continue
        # Some containers seek inexactly and may land behind the wanted frame.
        if first is not None and first.pts is not None and first.pts <= wanted:
            return chain([first], pictures)
    container.seek(table.start, stream=stream)
    stream.codec_context.skip_frame = "DEFAULT"
    return (picture for packet in packets_of(container, stream) for picture in decode(packet))


def _from_key(
    container: InputContainer, stream: Any, decode: Decode, exact_from: int
) -> Generator[av.VideoFrame, None, None]:
    """Pictures in display order, from the next key frame on.

    Before the given time, only reference pictures are decoded.
    """
    key: int | None = None
    for packet in packets_of(container, stream):
        if key is None and packet.is_keyframe:
            key = packet.pts
        # A frame shown before its key frame also depends on frames before the key frame.
        if packet.size and (key is None or (packet.pts is not None and packet.pts < key)):
            continue
        early = packet.pts is not None and packet.pts < exact_from
        stream.codec_context.skip_frame = "NONREF" if early else "DEFAULT"
        yield from decode(packet)


def _identity(path: Path) -> tuple[int, int, int] | None:
    """Properties that change when a file is written or replaced. `None`: there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _reduced_size(info: VideoInfo, height_px: int) -> tuple[int, int]:
    reduction = min(1.0, height_px / info.height)
    return max(1, round(info.width * reduction)), max(1, round(info.height * reduction))
