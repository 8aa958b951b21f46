"""Read frames one at a time from a video, an animated GIF, a still image or a folder of numbered images."""

import heapq
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from rackfocus.types import InputError
from rackfocus.video.reader import Coded, VideoReader
from rackfocus.video.source import Look, VideoInfo, look_of
from rackfocus.video.stills import STILL_SUFFIXES, StillsReader

NOMINAL_FPS = Fraction(25)
"""Frames a second assumed where a container gives neither a rate nor durations."""


class ContainerReader(VideoReader):
    """Frames of a media file: MP4, MOV, MKV, AVI, MPEG, GIF and other formats that FFmpeg reads."""

    def __init__(self, path: Path) -> None:
        with open_container(path) as container:
            stream = video_stream(container, path)
            picture = next(_pictures(container, stream, path), None)
            if picture is None:
                raise InputError(f"{path} holds no frame; it is empty or was cut short, so export it again.")
            look = look_of(picture.picture, str(path), stream.codec_context.name)
            super().__init__(path, _info(container, stream, look), look)

    def _decode(self) -> Iterator[Coded]:
        with open_container(self.path) as container:
            yield from _pictures(container, video_stream(container, self.path), self.path)


def open_video(path: str | Path, *, fps: float | Fraction = 24) -> VideoReader:
    """Open a video, an animated GIF, a still image or a folder of numbered images.

    Args:
        path: of the file or folder.
        fps: frames a second, for images only.

    Raises:
        InputError: the path is missing, empty, no video, damaged at its first frame, or a folder whose images
            are not one numbered sequence.
    """
    path = Path(path)
    try:
        exists = path.exists()
    except OSError:  # The name is longer than the system allows.
        exists = False
    if not exists:
        raise InputError(f"{path} does not exist; give the path of a video or of a folder of frames.")
    if path.is_dir() or path.suffix.lower() in STILL_SUFFIXES:
        return StillsReader(path, fps=fps)
    return ContainerReader(path)


def open_container(path: Path) -> InputContainer:
    """Open a media file for reading. Files that a playlist refers to are never opened.

    Raises:
        InputError: the file is empty, cannot be read, or is of an unknown format.
    """
    try:
        if path.stat().st_size == 0:
            raise InputError(f"{path} is empty; copy or export it again.")
        options = {"protocol_whitelist": "file"}
        return av.open(str(path.absolute()), options=options, metadata_errors="ignore")
    except (av.FFmpegError, OSError) as error:
        if isinstance(error, PermissionError):
            raise InputError(f"{path} may not be read; change its permissions.") from error
        raise InputError(f"{path} is not a video that can be read, or it is damaged or cut short.") from error


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The first video stream that is not cover art, set to report damage instead of concealing it.

    Raises:
        InputError: there is no video stream, or no decoder for it.
    """
    for stream in container.streams.video:
        if container.format.name == "tty" or Disposition.attached_pic in stream.disposition:
            continue
        if stream.codec_context is None:
            raise InputError(
                f"{path} is in a video format that cannot be decoded; convert it to H.264 first."
            )
        stream.codec_context.options = {"err_detect": "explode"}
        # With several threads the H.264 decoder reports errors of a slice late or not at all.
        stream.codec_context.thread_count = 1
        return stream
    raise InputError(f"{path} holds no video.")


def _info(container: InputContainer, stream: VideoStream, look: Look) -> VideoInfo:
    fps = _rate(stream)
    time_base = stream.time_base or 1 / fps
    duration: Any = None
    if stream.duration:
        duration = stream.duration * time_base
    elif container.duration:
        duration = Fraction(container.duration, av.time_base)
    return VideoInfo(
        width=look.width,
        height=look.height,
        frames=stream.frames or None,
        fps=fps,
        time_base=time_base,
        duration_s=None if duration is None else float(duration),
        orientation=look.orientation,
        sample_aspect_ratio=stream.sample_aspect_ratio or None,
        colour=look.colour,
        transfer=look.transfer,
        has_audio=bool(container.streams.audio),
        bit_depth=look.bit_depth,
    )


def _rate(stream: VideoStream) -> Fraction:
    return stream.average_rate or stream.guessed_rate or NOMINAL_FPS


def _pictures(container: InputContainer, stream: VideoStream, path: Path) -> Iterator[Coded]:
    """Decode a stream, in display order.

    Raises:
        InputError: a packet is damaged, or the file ends before its declared length.
    """
    kind = container.format.name
    clock = _DecodeOrderClock() if kind == "avi" else _Clock(_nominal_duration(stream))
    count = packets = 0
    # A broadcast recording may begin within a group of pictures, whose first pictures lack their reference.
    may_start_late = kind in ("mpeg", "mpegts")

    def failed(error: Exception | None = None) -> InputError:
        cut = f"use frames=0:{count} for what comes before" if count else "export or copy it again"
        message = InputError(f"{path} is damaged or cut short: frame {count} cannot be read; {cut}.")
        message.__cause__ = error
        return message

    demuxed = container.demux(stream)
    while True:
        try:
            packet = next(demuxed, None)
        except (av.FFmpegError, OSError) as error:
            raise failed(error) from error
        if packet is None:
            break
        packets += packet.size > 0
        try:
            if packet.is_corrupt:
                raise av.InvalidDataError(0, "cut packet")
            pictures = stream.decode(packet)
            if any(picture.is_corrupt for picture in pictures):
                raise av.InvalidDataError(0, "damaged picture")
        except (av.FFmpegError, OSError) as error:
            if may_start_late and count == 0 and packet.size:
                continue
            if kind != "avi":
                for picture in _before(stream, packet):
                    if clock.follows_a_gap(picture):
                        break
                    yield clock.stamp(picture)
                    count += 1
            raise failed(error) from error
        clock.feed(packet)
        for picture in pictures:
            yield clock.stamp(picture)
            count += 1
    if _ends_early(container, stream, packets, clock):
        raise failed()


def _before(stream: VideoStream, packet: av.Packet) -> list[av.VideoFrame]:
    """The undamaged pictures still in the decoder that are shown before a damaged packet."""
    if packet.pts is None:
        return []
    try:
        held = stream.decode(None)
    except (av.FFmpegError, OSError):
        return []
    return [
        picture
        for picture in held
        if picture.pts is not None and picture.pts < packet.pts and not picture.is_corrupt
    ]


def _nominal_duration(stream: VideoStream) -> int:
    return max(1, round(1 / (_rate(stream) * (stream.time_base or 1 / NOMINAL_FPS))))


class _Clock:
    """Time stamps from the container; missing or repeated ones are derived from the previous frame."""

    def __init__(self, nominal: int) -> None:
        self.end: int | None = None
        self._nominal = nominal
        self._last: int | None = None

    def feed(self, packet: av.Packet) -> None:
        """Record a packet that is sent to the decoder."""

    def stamp(self, picture: av.VideoFrame) -> Coded:
        """The time of the next picture in display order."""
        return self._coded(picture, picture.pts)

    def follows_a_gap(self, picture: av.VideoFrame) -> bool:
        """Whether a frame seems to be missing before this one."""
        return (
            self.end is not None and picture.pts is not None and picture.pts > self.end + self._nominal // 2
        )

    def _coded(self, picture: av.VideoFrame, pts: int | None) -> Coded:
        duration = picture.duration or self._nominal
        if pts is None or (self._last is not None and pts <= self._last):
            pts = 0 if self._last is None else (self.end or self._last + duration)
        self._last, self.end = pts, pts + duration
        return Coded(picture, pts, duration)


class _DecodeOrderClock(_Clock):
    """AVI stamps pictures in decoding order: the next one shown has the earliest stamp not yet used."""

    def __init__(self) -> None:
        super().__init__(1)
        self._stamps: list[int] = []

    def feed(self, packet: av.Packet) -> None:
        if packet.dts is not None:
            heapq.heappush(self._stamps, packet.dts)

    def stamp(self, picture: av.VideoFrame) -> Coded:
        return self._coded(picture, heapq.heappop(self._stamps) if self._stamps else None)


def _ends_early(container: InputContainer, stream: VideoStream, packets: int, clock: _Clock) -> bool:
    """Whether the container declares more than could be read.

    MP4 and MOV store the position of each packet, AVI the number of packets, Matroska the duration of the
    track.
    """
    kind = container.format.name
    if "mp4" in kind:
        return any(entry.pos + entry.size > container.size for entry in stream.index_entries)
    if kind == "avi":
        return packets < stream.frames
    declared = stream.metadata.get("DURATION", "")
    if "matroska" in kind and declared.count(":") == 2 and clock.end is not None:
        hours, minutes, seconds = declared.split(":")
        length = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        return float(clock.end * (stream.time_base or 0)) < length - max(0.002, 0.75 / float(_rate(stream)))
    return False
