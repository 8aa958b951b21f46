"""Carry subtitle tracks into a new container; text that does not fit as it is becomes text that does."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer
from av.stream import Discard

from rackfocus.video.carried.tags import track_tags
from rackfocus.video.carried.trial import takes
from rackfocus.video.decode import open_container

TEXT = {"mp4": "mov_text", "mov": "mov_text", "matroska": "srt"}
"""The format of text in each container."""


def subtitle_tracks(source: Path, into: OutputContainer) -> list["SubtitleTrack"]:
    """Create a track in `into` for each subtitle track of `source` that it can hold, before its header."""
    tracks = []
    with open_container(source) as container:
        # MOV and MP4 hold titles of chapters as such a track, which is not shown.
        streams = [each.index for each in container.streams.subtitles if each.discard != Discard.all]
    for index in streams:
        # Opened separately for each track, so that tracks are read independently.
        container = open_container(source)
        stream: Any = container.streams[index]
        copied = takes(into.format.name, stream)
        encoder = None if copied else _text_encoder(into.format.name, stream)
        if copied or encoder:
            tracks.append(SubtitleTrack(stream, into, encoder))
        else:
            container.close()
    return tracks


class SubtitleTrack:
    """One subtitle track, read no further than the pictures written so far.

    Args:
        stream: of a container that nothing else reads; it is closed by `close`.
        into: the container to write, before its header is written.
        encoder: of the new track. `None`: packets are copied.
    """

    def __init__(self, stream: Any, into: OutputContainer, encoder: str | None) -> None:
        self._stream, self._into, self._encodes = stream, into, encoder is not None
        self._origin = Fraction(0)
        self._kept: Iterator[tuple[Fraction, Fraction, Any]] = iter(())
        self._next: tuple[Fraction, Fraction, Any] | None = None
        self._written = -1
        self._track: Any
        if encoder is None:
            self._track = into.add_stream_from_template(stream)
        else:
            self._track = into.add_stream(encoder)
            self._track.codec_context.subtitle_header = stream.codec_context.subtitle_header
            self._track.time_base = Fraction(1, 1000)
        self._track.metadata.update(track_tags(stream, into.format.name))
        self._track.disposition = stream.disposition

    def start(self, origin: Fraction) -> None:
        """Set the time of the source, in seconds, that becomes zero."""
        self._origin = origin
        self._kept = self._shown()
        self._next = next(self._kept, None)

    def write_until(self, time: Fraction | None) -> None:
        """Write what begins before a time of the source, in seconds. `None`: everything."""
        while self._next is not None and (time is None or self._next[0] < time):
            start, end, packet = self._next
            tick = self._track.time_base
            # MOV and MP4 allow no two packets at the same time.
            stamp = max(round((start - self._origin) / tick), self._written + 1)
            packet.stream, packet.time_base = self._track, tick
            packet.pts = packet.dts = stamp
            packet.duration = max(0, round((end - self._origin) / tick) - stamp)
            self._into.mux(packet)
            self._written = stamp
            self._next = next(self._kept, None)

    def finish(self) -> None:
        """Nothing is left to write."""

    def close(self) -> None:
        """Close the source."""
        self._stream.container.close()

    def _shown(self) -> Iterator[tuple[Fraction, Fraction, Any]]:
        """Packets that are shown from the first frame on, with the times of their start and end."""
        try:
            for packet in self._stream.container.demux(self._stream):
                if packet.pts is None or packet.size == 0:
                    continue
                start = packet.pts * packet.time_base
                end = start + (packet.duration or 0) * packet.time_base
                if end <= self._origin:
                    continue
                coded = self._encoded(packet) if self._encodes else packet
                if coded is not None:
                    yield max(start, self._origin), end, coded
        except (av.FFmpegError, OSError):
            return  # What comes after a damaged place is left out.

    def _encoded(self, packet: Any) -> Any:
        shown = self._stream.codec_context.decode2(packet)
        if shown is None or not shown.rects:
            return None
        return self._track.codec_context.encode_subtitle(shown)


def _text_encoder(kind: str, stream: Any) -> str | None:
    """The encoder that makes text for a container of this track. `None`: it consists of pictures."""
    codec = stream.codec_context
    if codec is None or not codec.codec.text_sub:
        return None
    codec.open()  # Only then it has the header that the encoder asks for.
    return TEXT[kind]
