"""Any frame of a video by its index, reduced: for looking at, seeking about in it.

A table of the time stamps of all packets tells where to begin decoding, and which picture is which, so
that an index is as exact as with `open_video`. Files without useful stamps, such as H.264 in AVI, are decoded
from the start.
"""

import bisect
import copy
from collections.abc import Generator, Iterator
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
from rackfocus.video.packet_table import PacketTable, packet_table
from rackfocus.video.source import VideoInfo, picture_tags

Image = UInt8[np.ndarray, "height width 3"]

SEEK_FRAMES = 48
"""What is farther ahead than this is sought; what is nearer is decoded up to."""
READING_THREADS = 2
EXACT_FRAMES = 24
"""From so long before a frame that is sought every picture is decoded; before that, as few as will do."""


class RandomAccess:
    """Reads reduced frames of a video file, one at a time, best in order. A context manager; one thread.

    Attributes:
        path: of the video.
        info: what is known of it.
        size: width and height of the pictures.
        pixel_aspect: width over height of a pixel as it is to be shown.
        count: how many frames there are.
        origin_s: when the first one is shown, on the video's clock.
        times_s: when each is shown, from the first one.

    Args:
        path: of a video file.
        height_px: of the pictures, at most; they are never enlarged.

    Raises:
        InputError: it is missing, no video, or damaged at its first frame.
    """

    def __init__(self, path: str | Path, *, height_px: int) -> None:
        with open_video(path) as reader:
            if not isinstance(reader, ContainerReader):
                raise InputError(f"{path} is no video file; give a file such as .mp4, .mov or .mkv.")
            self.path, self.info, self._look = reader.path, reader.info, reader.look
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
        coded_aspect = float(self.info.sample_aspect_ratio or 1)
        self.pixel_aspect = 1 / coded_aspect if self._look.orientation.sideways else coded_aspect
        self._index = {stamp: at for at, stamp in enumerate(self._table.stamps if self._table else ())}
        self._pictures: Generator[tuple[int, av.VideoFrame], None, None] | None = None
        self._next = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def again(self) -> Self:
        """Another one for the same video, for another thread."""
        other = copy.copy(self)
        other._pictures = None
        return other

    def check(self) -> None:
        """See whether the file still is what it was.

        Raises:
            InputError: it has vanished, or been replaced.
        """
        file = _identity(self.path)
        if file is None:
            raise InputError(f"{self.path} does not exist any more; put it back.")
        if file != self._file:
            raise InputError(f"{self.path} is another file now than when it was opened; open it again.")

    def close(self) -> None:
        """Close the file; it is opened anew when it is read again."""
        if self._pictures is not None:
            self._pictures.close()
        self._pictures = None

    def read(self, index: int, *, before: int = 0) -> list[tuple[int, Image]]:
        """A frame, encoded RGB in 0..255, and those shortly before it where they are decoded on the way.

        Args:
            index: of the frame, from 0.
            before: how many of those before it to give, too.

        Returns:
            Indices and pictures; the frame itself is the last one.

        Raises:
            InputError: there is no such frame, the file has vanished, or it is damaged there.
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
            raise damaged from error
        if not found or found[-1][0] != index:
            self.close()
            raise damaged
        return found

    def _from(self, index: int) -> Generator[tuple[int, av.VideoFrame], None, None]:
        """Pictures in the order of display, with their indices, from one before `index`, or it, on."""
        self.check()
        with open_container(self.path) as container:
            stream: Any = video_stream(container, self.path)
            stream.codec_context.thread_count = READING_THREADS
            if self._table is None:
                yield from enumerate(container.decode(stream))
                return
            for picture in _sought(container, stream, self._table, index):
                if picture.pts in self._index:
                    yield self._index[picture.pts], picture

    def _reduced(self, picture: av.VideoFrame) -> Image:
        """Reduced as it is coded, which is quick; then its colours."""
        width, height = self.size
        coded = (height, width) if self._look.orientation.sideways else (width, height)
        if picture.format.name.startswith(("yuv", "gray")) and coded != (picture.width, picture.height):
            tags, small = picture_tags(picture), picture.reformat(*coded, interpolation=Interpolation.AREA)
            small.color_range, small.color_trc, small.color_primaries = (
                tags.range,
                tags.transfer,
                tags.primaries,
            )
            # Where the matrix is not said, the size of the whole picture tells it.
            guessed = tags.matrix_for(picture.width, picture.height)
            small.colorspace = tags.matrix if self._look.hdr is not None else guessed
            picture = small
        rgb = self._look.rgb(picture).mul_(255).add_(0.5).byte()
        image: Any = rgb.permute(1, 2, 0).numpy()
        if image.shape[:2] != (height, width):
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(image)


def _sought(
    container: InputContainer, stream: Any, table: PacketTable, index: int
) -> Iterator[av.VideoFrame]:
    """Pictures in the order of display, from one that is shown no later than frame `index` on."""
    wanted, exact_from = table.stamps[index], table.stamps[max(index - EXACT_FRAMES, 0)]
    before = bisect.bisect_right(table.keys, wanted, key=lambda key: key.shown)
    for key in reversed(table.keys[:before]):
        container.seek(key.sought, stream=stream)
        pictures = _from_key(container, stream, exact_from)
        try:
            first = next(pictures, None)
        except av.FFmpegError:
            # Where groups of pictures are open, a key frame need not be a place to begin at.
            continue
        # Some containers seek coarsely: what was sought may be missed.
        if first is not None and first.pts is not None and first.pts <= wanted:
            return chain([first], pictures)
    container.seek(table.start, stream=stream)
    stream.codec_context.skip_frame = "DEFAULT"
    return (picture for packet in container.demux(stream) for picture in stream.decode(packet))


def _from_key(
    container: InputContainer, stream: Any, exact_from: int
) -> Generator[av.VideoFrame, None, None]:
    """Pictures in the order of display, from the next key frame on.

    Before a time only those that others are made from.
    """
    key: int | None = None
    for packet in container.demux(stream):
        if key is None and packet.is_keyframe:
            key = packet.pts
        # What follows a key frame and is shown before it is made from what lies before it, too.
        if packet.size and (key is None or (packet.pts is not None and packet.pts < key)):
            continue
        early = packet.pts is not None and packet.pts < exact_from
        stream.codec_context.skip_frame = "NONREF" if early else "DEFAULT"
        yield from stream.decode(packet)


def _identity(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written or replaced; none where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _reduced_size(info: VideoInfo, height_px: int) -> tuple[int, int]:
    reduction = min(1.0, height_px / info.height)
    return max(1, round(info.width * reduction)), max(1, round(info.height * reduction))
