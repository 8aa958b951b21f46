"""Copy the sound of a source into a new container; packets that do not fit are encoded as AAC."""

import logging
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer

from rackfocus.video.carried.tags import track_tags
from rackfocus.video.carried.trial import takes
from rackfocus.video.decode import open_container
from rackfocus.video.sound.channels import AAC_LAYOUTS, settle_layout
from rackfocus.video.sound.stamps import Stamps

AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
RARELY_PLAYED = {"mp4": ("pcm_", "vorbis", "truehd", "dts", "dca")}
"""Codecs that a container allows but most players do not support."""

LEAD_IN_PACKETS = 3
"""Packets kept from before the first frame: codecs with overlap need them for a correct start."""

DRIFT_S = 0.03
"""Samples are moved to their time stamp if they differ by more than this; stamps are rounded."""

SAID_S = 0.2
"""Sound before the first picture is reported if it is longer than this; that of a lead-in is shorter."""

_log = logging.getLogger(__name__)


def soundtracks(source: Path, into: OutputContainer) -> list["Soundtrack"]:
    """Create a track in `into` for each of `source`; must be called before anything is written.

    A track that cannot be decoded is left out, with a warning.
    """
    tracks = []
    with open_container(source) as container:
        indexes = [stream.index for stream in container.streams.audio]
    for number, index in enumerate(indexes, start=1):
        name = f"{source}: sound track {number}"
        # Opened separately for each track, so that tracks are read independently.
        container = open_container(source)
        stream: Any = container.streams[index]
        codec, layout = stream.codec_context, None
        known = codec is not None and codec.name is not None and codec.sample_rate
        if known and not _plays(into.format.name, stream):
            layout = settle_layout(codec)
            known = layout is not None
        if known:
            tracks.append(Soundtrack(name, stream, into, layout))
        else:
            _log.warning("%s is of an unknown kind and was left out", name)
            container.close()
    return tracks


class Soundtrack:
    """One sound track copied into a new container, read no further than the pictures written so far.

    Packets are copied where the container allows their codec, else decoded and encoded as AAC. Packets that
    begin before the first frame are left out, except a few that lead in where the container can hide them.
    Stamps that repeat or run backwards are replaced (`Stamps`). What cannot be kept is reported by warnings:
    channels that AAC does not hold, sound from before the first picture, sound after a damaged place.

    Args:
        name: of the track, for warnings.
        stream: of a container that nothing else reads; it is closed by `close`.
        into: the container to write, before its header is written.
        layout: the channel order that is decoded. `None`: packets are copied.
    """

    def __init__(self, name: str, stream: Any, into: OutputContainer, layout: str | None) -> None:
        self._name, self._stream, self._into = name, stream, into
        self._origin = Fraction(0)
        self._kept: Iterator[tuple[Fraction, Any]] = iter(())
        self._next: tuple[Fraction, Any] | None = None
        self._written = -(2**62)
        kind = into.format.name
        # Only MOV and MP4 have an edit list, which hides sound before time zero.
        self._leads_in = kind in ("mp4", "mov")
        # MOV and MP4 allow no two packets at the same time.
        self._step = 1 if kind in ("mp4", "mov") else 0
        self._copies = layout is None
        self._track: Any = (
            into.add_stream_from_template(stream) if layout is None else self._aac_stream(layout)
        )
        self._track.metadata.update(track_tags(stream, kind))
        self._track.disposition = stream.disposition

    def start(self, origin: Fraction) -> None:
        """Set the time of the source, in seconds, that becomes zero."""
        self._origin = origin
        self._kept = self._packets() if self._copies else self._samples()
        self._next = next(self._kept, None)

    def write_until(self, time: Fraction | None) -> None:
        """Write what begins before a time of the source, in seconds. `None`: everything."""
        while self._next is not None and (time is None or self._next[0] < time):
            start, piece = self._next
            if self._copies:
                self._copy(piece, start)
            else:
                self._into.mux(self._track.encode(piece))
            self._next = next(self._kept, None)

    def finish(self) -> None:
        """Flush the encoder, if there is one."""
        if not self._copies:
            self._into.mux(self._track.encode(None))

    def close(self) -> None:
        """Close the source."""
        self._stream.container.close()

    def _copy(self, packet: Any, start: Fraction) -> None:
        tick = self._track.time_base
        packet.duration = round((packet.duration or 0) * packet.time_base / tick)
        stamp = max(round((start - self._origin) / tick), self._written + self._step)
        packet.time_base, packet.pts, packet.dts = tick, stamp, stamp
        packet.stream = self._track
        self._into.mux(packet)
        self._written = stamp

    def _packets(self) -> Iterator[tuple[Fraction, Any]]:
        """Packets from the first frame on, with their time."""
        lead: deque[tuple[Fraction, Any]] = deque(maxlen=LEAD_IN_PACKETS if self._leads_in else 0)
        stamps, begins = Stamps(), True
        for packet in self._read():
            stamp = packet.dts if packet.pts is None else packet.pts
            if packet.size == 0:
                continue
            start = stamps.follow(stamp, packet.duration or 0) * packet.time_base
            if begins:
                self._tell_lead(start)
                begins = False
            if start < self._origin:
                lead.append((start, packet))
                continue
            yield from lead
            lead.clear()
            yield start, packet

    def _samples(self) -> Iterator[tuple[Fraction, Any]]:
        """Sound from the first frame on, decoded for the encoder, without overlaps, with its time."""
        encoder = self._track.codec_context
        rate, begins = encoder.sample_rate, True
        stamps, at = Stamps(), None
        resampler: av.AudioResampler | None = None
        kind: tuple[Any, ...] | None = None
        for piece in self._decoded():
            tick = piece.time_base
            start = stamps.follow(piece.pts, round(piece.samples / (piece.sample_rate * tick))) * tick
            if begins:
                self._tell_lead(start)
                begins = False
            if start < self._origin:
                continue
            due = round((start - self._origin) * rate)
            if at is None or abs(due - at) > DRIFT_S * rate:
                if at is not None and due < at:
                    continue
                at = due
            now = (piece.format.name, piece.layout.name, piece.sample_rate)
            if resampler is None or now != kind:
                resampler = av.AudioResampler(encoder.format, encoder.layout.name, rate)
                kind = now
            piece.pts = None
            for part in resampler.resample(piece):
                part.pts, part.time_base = at, Fraction(1, rate)
                yield self._origin + Fraction(at, rate), part
                at += part.samples

    def _decoded(self) -> Iterator[Any]:
        for packet in self._read():
            try:
                yield from self._stream.decode(packet)
            except av.FFmpegError:
                # A damaged packet is a gap of some milliseconds; time stamps keep the rest synchronous.
                continue

    def _read(self) -> Iterator[Any]:
        packets = self._stream.container.demux(self._stream)
        time_s = 0.0
        while True:
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError):
                _log.warning("%s is damaged after %.1f s and was kept up to there", self._name, time_s)
                return
            if packet is None:
                return
            if packet.pts is not None:
                time_s = float(packet.pts * packet.time_base - self._origin)
            if not packet.is_corrupt:
                yield packet

    def _tell_lead(self, start: Fraction) -> None:
        """Report sound that begins before the first picture of the source."""
        video = next(iter(self._stream.container.streams.video), None)
        if video is None or video.start_time is None or video.time_base is None:
            return
        lead = self._origin - start
        # The first frames may have no time stamp.
        if lead > SAID_S and self._origin <= video.start_time * video.time_base + Fraction(1, 20):
            _log.warning("%s begins %.1f s before the picture; that was left out", self._name, lead)

    def _aac_stream(self, given: str) -> Any:
        rate = self._stream.codec_context.sample_rate
        rate = rate if rate in AAC_RATES else 48000
        layout = AAC_LAYOUTS.get(given, "stereo")
        if given not in AAC_LAYOUTS:
            _log.warning("%s: AAC has no channels %s; they were mixed to stereo", self._name, given)
        track: Any = self._into.add_stream("aac", rate=rate, layout=layout)
        # Enough for transparency: 96 kb/s a channel at 48 kHz, less at lower sample rates.
        track.codec_context.bit_rate = min(96_000, 2 * rate) * track.codec_context.layout.nb_channels
        return track


def _plays(kind: str, stream: Any) -> bool:
    """Whether a container takes the packets of a stream, and most players do so too."""
    codec = stream.codec_context.codec.canonical_name
    return not codec.startswith(RARELY_PLAYED.get(kind, ())) and takes(kind, stream)
