"""All pictures of a stream, in display order, with what is damaged, repeated or missing among them."""

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from rackfocus.reading.limits import LIMIT_VARIABLE, largest_pixels
from rackfocus.types import InputError
from rackfocus.video.decoding.coded import RESTART_S, Clock, Coded
from rackfocus.video.decoding.decoder import decoder
from rackfocus.video.decoding.packets import packets_of

NOMINAL_FPS = Fraction(25)
"""Frames a second assumed where a container gives neither a rate nor durations."""

DAMAGED = ("stop", "hold")
"""What happens at a damaged frame: reading stops with an error, or the last good frame is repeated."""

_log = logging.getLogger(__name__)


def average_rate(stream: VideoStream) -> Fraction:
    """Frames a second."""
    return stream.average_rate or stream.guessed_rate or NOMINAL_FPS


class Pictures:
    """Decodes a stream once; iterate over it.

    Args:
        container: opened for this purpose.
        stream: of the container, set up to report damage.
        path: of the file, for messages.
        damaged: one of `DAMAGED`. With `hold`, all frames up to the next key frame are replaced, because they
            refer to the damaged one, and a file that was cut short ends where it was cut.

    Attributes:
        replaced: number of frames replaced so far.

    Raises:
        InputError: on iteration: a frame is damaged, or the file ends before its declared length.
    """

    def __init__(
        self, container: InputContainer, stream: VideoStream, path: Path, *, damaged: str = "stop"
    ) -> None:
        self._container, self._stream, self._path = container, stream, path
        self._holds = damaged == "hold"
        self._kind = container.format.name
        self._decode = decoder(stream)
        unit = stream.time_base or 1 / NOMINAL_FPS
        is_avi = self._kind == "avi"
        nominal = 1 if is_avi else max(1, round(1 / (average_rate(stream) * unit)))
        self._clock = Clock(nominal, round(RESTART_S / unit), counts=is_avi)
        self._shown = self._packets = 0
        self.replaced = 0

    def __iter__(self) -> Iterator[Coded]:
        for coded in self._all():
            yield coded
            self._shown += 1

    def _all(self) -> Iterator[Coded]:
        # A broadcast recording may begin within a group of pictures, whose first lack their reference.
        may_start_late = self._kind in ("mpeg", "mpegts")
        key_pts: int | None = None
        lost = False
        for packet in self._demuxed():
            if lost and packet.size:
                if not packet.is_keyframe:
                    self._lose(packet)
                    continue
                lost, key_pts = False, packet.pts
            # A frame shown before its key frame also depends on frames before the key frame.
            if key_pts is not None and packet.pts is not None and packet.pts < key_pts:
                self._lose(packet)
                continue
            try:
                # A transport stream marks packets beside every gap in its counters, as where two were joined;
                # whether a picture suffered is for the decoder to say. Elsewhere such a packet is cut.
                if packet.is_corrupt and self._kind != "mpegts":
                    raise av.InvalidDataError(0, "cut packet")
                pictures = self._decode(packet)
            except (av.FFmpegError, OSError) as error:
                if may_start_late and self._shown == 0 and packet.size:
                    continue
                yield from self._before(packet)
                if not self._holds or self._shown == 0:
                    raise self._failed() from error
                self._lose(packet)
                self.replaced += self._clock.give_up()
                self._stream.codec_context.flush_buffers()
                lost = True
                continue
            self._clock.feed(packet)
            for picture in pictures:
                yield from self._clock.stamp(picture)
        if not self._ends_early():
            self._clock.finish(self._stream.frames)
        elif self._holds:
            self._cut_short()
        else:
            raise self._failed()
        yield from self._clock.repetitions()

    def _demuxed(self) -> Iterator[av.Packet]:
        demuxed = packets_of(self._container, self._stream)
        while True:
            try:
                packet = next(demuxed, None)
            except (av.FFmpegError, OSError) as error:
                if self._holds and self._shown:
                    self._cut_short()
                    return
                raise self._failed() from error
            if packet is None:
                return
            self._packets += packet.size > 0
            yield packet

    def _before(self, packet: av.Packet) -> Iterator[Coded]:
        """The undamaged pictures still in the decoder that are shown before a damaged packet."""
        if self._kind == "avi" or packet.pts is None:
            return
        for picture in self._held_back():
            if picture.pts is None or picture.pts >= packet.pts:
                continue
            if self._clock.follows_a_gap(picture):
                return
            yield from self._clock.stamp(picture)

    def _held_back(self) -> list[av.VideoFrame]:
        """The undamaged pictures still in the decoder."""
        try:
            held = self._stream.decode(None)
        except (av.FFmpegError, OSError):
            return []
        return [picture for picture in held if not picture.is_corrupt]

    def _lose(self, packet: av.Packet) -> None:
        self._clock.feed(packet, lost=True)
        self.replaced += 1

    def _cut_short(self) -> None:
        _log.warning("%s was cut short; it is used up to there", self._path)

    def _failed(self) -> InputError:
        if not self._stream.codec_context.width:
            return InputError(
                f"{self._path} is damaged, or has more than the {largest_pixels()} pixels that are read; "
                f"copy or reduce it, or set {LIMIT_VARIABLE}."
            )
        advice = "export or copy it again"
        if self._shown:
            advice = f"use frames=0:{self._shown} for what comes before, or damaged=hold to go on"
        return InputError(
            f"{self._path} is damaged or cut short: frame {self._shown} cannot be read; {advice}."
        )

    def _ends_early(self) -> bool:
        """Whether the container declares more than could be read.

        MP4 and MOV store the position of each packet, AVI its own size, Matroska the duration of the track.
        """
        stream, end = self._stream, self._clock.end
        if "mp4" in self._kind:
            return any(entry.pos + entry.size > self._container.size for entry in stream.index_entries)
        if self._kind == "avi":
            return self._packets < stream.frames and self._container.size < _declared_size(self._path)
        declared = stream.metadata.get("DURATION", "")
        if "matroska" in self._kind and declared.count(":") == 2 and end is not None:
            hours, minutes, seconds = declared.split(":")
            length = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
            tolerance = max(0.002, 0.75 / float(average_rate(stream)))
            return float(end * (stream.time_base or 0)) < length - tolerance
        return False


def _declared_size(path: Path) -> int:
    """The size of an AVI as it says itself: `RIFF` and a number of bytes, again beyond a gigabyte."""
    end, size = 0, path.stat().st_size
    with path.open("rb") as file:
        while end < size:
            file.seek(end)
            head = file.read(8)
            if head[:4] != b"RIFF" or not any(head[4:]):
                break
            end += int.from_bytes(head[4:], "little") + 8
    return end
