"""Copy the sound of a source into a new container; packets that do not fit are encoded as AAC."""

import io
import logging
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer

from rackfocus.types import InputError
from rackfocus.video.decode import open_container

AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
AAC_LAYOUTS = ("mono", "stereo", "3.0", "4.0", "5.0", "5.1")
RARELY_PLAYED = {"mp4": ("pcm_", "vorbis", "truehd", "dts", "dca")}
"""Codecs that a container allows but most players do not support."""

LEAD_IN_PACKETS = 3
"""Packets kept from before the first frame: codecs with overlap need them for a correct start."""

_log = logging.getLogger(__name__)


def soundtracks(source: Path, into: OutputContainer) -> list["Soundtrack"]:
    """Create a track in `into` for each of `source`; must be called before anything is written.

    A track that cannot be decoded is left out, with a warning.
    """
    tracks = []
    with open_container(source) as container:
        streams = [(stream.index, stream.codec_context) for stream in container.streams.audio]
    for index, codec in streams:
        if codec is None or codec.name is None or not codec.sample_rate:
            _log.warning("%s: sound track %d is of an unknown kind and was left out", source, index)
            continue
        tracks.append(Soundtrack(source, index, into))
    return tracks


class Soundtrack:
    """One sound track copied into a new container, read no further than the pictures written so far.

    Packets are copied where the container allows their codec, else decoded and encoded as AAC. Packets that
    begin before the first frame are left out, except a few that lead in where the container can hide them.

    Args:
        source: the file to read; opened separately for each track, so that tracks are read independently.
        index: of the stream in the source.
        into: the container to write, before its header is written.
    """

    def __init__(self, source: Path, index: int, into: OutputContainer) -> None:
        self._source, self._into = source, into
        self._container = open_container(source)
        self._stream: Any = self._container.streams[index]
        self._origin = Fraction(0)
        self._kept: Iterator[Any] = iter(())
        self._next: Any = None
        kind = into.format.name
        # Only MOV and MP4 have an edit list, which hides sound before time zero.
        self._leads_in = kind in ("mp4", "mov")
        self._copies = _takes(kind, self._stream)
        if self._copies:
            self._track: Any = into.add_stream_from_template(self._stream)
        else:
            self._track = _aac_stream(into, self._stream)
        self._track.metadata.update(
            {key: text for key, text in self._stream.metadata.items() if key in ("language", "title")}
        )
        self._track.disposition = self._stream.disposition

    def start(self, origin: Fraction) -> None:
        """Set the time of the source, in seconds, that becomes zero."""
        self._origin = origin
        self._kept = self._packets() if self._copies else self._samples()
        self._next = next(self._kept, None)

    def write_until(self, time: Fraction | None) -> None:
        """Write what begins before a time of the source, in seconds. `None`: everything."""
        while self._next is not None and (time is None or _time(self._next) < time):
            piece = self._next
            shift = round(self._origin / piece.time_base)
            piece.pts -= shift
            if self._copies:
                piece.dts = piece.pts
                piece.stream = self._track
                self._into.mux(piece)
            else:
                self._into.mux(self._track.encode(piece))
            self._next = next(self._kept, None)

    def finish(self) -> None:
        """Flush the encoder, if there is one."""
        if not self._copies:
            self._into.mux(self._track.encode(None))

    def close(self) -> None:
        """Close the source."""
        self._container.close()

    def _packets(self) -> Iterator[Any]:
        lead: deque[Any] = deque(maxlen=LEAD_IN_PACKETS if self._leads_in else 0)
        for packet in self._read():
            if packet.pts is None:
                packet.pts = packet.dts
            if packet.pts is None or packet.size == 0:
                continue
            if _time(packet) < self._origin:
                lead.append(packet)
                continue
            yield from lead
            lead.clear()
            yield packet

    def _samples(self) -> Iterator[Any]:
        for packet in self._read():
            try:
                decoded = self._stream.decode(packet)
            except av.FFmpegError:
                # A damaged packet is a gap of some milliseconds; time stamps keep the rest synchronous.
                continue
            for samples in decoded:
                if samples.pts is not None and _time(samples) >= self._origin:
                    yield samples

    def _read(self) -> Iterator[Any]:
        try:
            for packet in self._container.demux(self._stream):
                if not packet.is_corrupt:
                    yield packet
        except (av.FFmpegError, OSError) as error:
            raise InputError(
                f"The sound of {self._source} is damaged; repair it or remove its sound."
            ) from error


def _time(piece: Any) -> Fraction:
    return piece.pts * piece.time_base


def _takes(kind: str, stream: Any) -> bool:
    """Whether a container allows the packets of a stream; tested by writing a header into memory."""
    codec = stream.codec_context.codec.canonical_name
    if codec.startswith(RARELY_PLAYED.get(kind, ())):
        return False
    try:
        with av.open(io.BytesIO(), "w", format=kind) as trial:
            trial.add_stream_from_template(stream)
            trial.start_encoding()
    except (av.FFmpegError, OSError, ValueError):
        return False
    return True


def _aac_stream(into: OutputContainer, source: Any) -> Any:
    codec = source.codec_context
    rate = codec.sample_rate if codec.sample_rate in AAC_RATES else 48000
    layout = codec.layout.name if codec.layout.name in AAC_LAYOUTS else "stereo"
    track = into.add_stream("aac", rate=rate, layout=layout)
    # Enough for transparency: 96 kb/s a channel at 48 kHz, less at lower sample rates.
    track.codec_context.bit_rate = min(96_000, 2 * rate) * track.codec_context.layout.nb_channels
    return track
