"""Segments: runs of frames, each encoded by its own encoder, that are joined to one stream.

A segment begins with a key frame and refers to no frame outside it, so that it can be encoded and stored on
its own. After a kill, finished segments need not be encoded again, and the result is the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import av
import numpy as np
from av.codec.context import Flags

from rackfocus.video.codecs import Codec
from rackfocus.video.source import VideoInfo
from rackfocus.whole_files import whole_file


@dataclass(frozen=True)
class CodedPacket:
    """One encoded picture; times are in units of the source's time base, on the source's clock."""

    pts: int
    dts: int
    duration: int
    is_key: bool
    data: bytes


@dataclass(frozen=True)
class Segment:
    """The packets of a run of frames, in decoding order."""

    packets: tuple[CodedPacket, ...]

    def save(self, path: Path) -> None:
        """Write to `path` atomically, safe even against a loss of power.

        Raises:
            OSError: the file cannot be written.
        """
        table = np.array(
            [(each.pts, each.dts, each.duration, each.is_key, len(each.data)) for each in self.packets],
            np.int64,
        )
        data = np.frombuffer(b"".join(each.data for each in self.packets), np.uint8)
        with whole_file(path, synced=True) as draft, draft.open("wb") as file:
            np.savez(file, table=table, data=data)

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """Read what `save` wrote. `None`: the file is missing or damaged."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                table, data = stored["table"].tolist(), stored["data"].tobytes()
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return None
        packets, at = [], 0
        for pts, dts, duration, is_key, size in table:
            packets.append(CodedPacket(pts, dts, duration, bool(is_key), data[at : at + size]))
            at += size
        return cls(tuple(packets))

    def follows(self, previous: Self | None) -> bool:
        """Whether its display times differ from each other, and lie after those of the segment before it."""
        times = sorted(packet.pts for packet in self.packets)
        before = [] if previous is None else [max(packet.pts for packet in previous.packets)]
        return bool(times) and all(one < next_ for one, next_ in pairwise([*before, *times]))


class SegmentEncoder:
    """Encodes one segment.

    Args:
        codec: selects and sets the encoder.
        info: of the source; the stream has its clock and colours.
        size: width and height of the encoded pictures.

    Raises:
        av.FFmpegError: the encoder does not accept these settings.
    """

    def __init__(self, codec: Codec, info: VideoInfo, size: tuple[int, int]) -> None:
        self._context: Any = av.CodecContext.create(codec.encoder, "w")
        configure(self._context, codec, info, size)
        self._context.options = codec.options()
        self._context.flags |= Flags.global_header
        self._context.open()
        self._durations: dict[int, int] = {}
        self._packets: list[CodedPacket] = []

    def __len__(self) -> int:
        """Number of frames given so far."""
        return len(self._durations)

    def encode(self, picture: av.VideoFrame, pts: int, duration: int) -> None:
        """Append a picture that is shown at `pts`."""
        picture.time_base, picture.pts, picture.duration = self._context.time_base, pts, duration
        self._durations[pts] = duration
        self._take(self._context.encode(picture))

    def finish(self) -> Segment:
        """Flush the encoder and return the segment."""
        self._take(self._context.encode(None))
        return Segment(tuple(self._packets))

    def _take(self, packets: Iterable[av.Packet]) -> None:
        for packet in packets:
            assert packet.pts is not None
            assert packet.dts is not None
            self._packets.append(
                CodedPacket(
                    packet.pts, packet.dts, self._durations[packet.pts], packet.is_keyframe, bytes(packet)
                )
            )


def configure(context: Any, codec: Codec, info: VideoInfo, size: tuple[int, int]) -> None:
    """Apply the settings that all encoders of a video share, so that their streams can be joined."""
    context.width, context.height = size
    context.pix_fmt = codec.pixel_format(info.bit_depth)
    context.time_base, context.framerate = info.time_base, info.fps
    context.flags |= Flags.frame_duration
    tags = info.colour
    context.color_range, context.color_primaries = tags.range, tags.primaries
    context.color_trc, context.colorspace = tags.transfer, tags.matrix


def joined_packets(segments: Iterable[Segment]) -> Iterator[CodedPacket]:
    """The packets of all segments as one stream, with decoding times that increase across boundaries.

    An encoder gives its first pictures decoding times before their display times, which would overlap those
    of the previous segment. With a delay of `d` pictures the i-th to be decoded gets the time of the (i -
    d)-th to be shown, as the encoder itself does from its d-th picture on.
    """
    delay = 0
    shown: list[int] = []
    for number, segment in enumerate(segments):
        times = sorted(packet.pts for packet in segment.packets)
        if number == 0:
            stamps = _first_stamps(segment.packets, times)
            delay = sum(stamp < times[0] for stamp in stamps)
        else:
            stamps = [*shown, *times]
        for packet, dts in zip(segment.packets, stamps, strict=False):
            yield CodedPacket(packet.pts, dts, packet.duration, packet.is_key, packet.data)
        shown = times[len(times) - delay :]


def _first_stamps(packets: Sequence[CodedPacket], times: Sequence[int]) -> list[int]:
    """The decoding times of the first pictures of a stream, whose display times in order are `times`.

    They are the encoder's, if it was given more pictures than it delays. Of fewer, x265 does not know its
    delay and gives times from memory that was never set; then the delay is the least with which every picture
    is decoded before it is shown.
    """
    if packets[-1].dts in times and all(packet.dts <= packet.pts for packet in packets):
        return [packet.dts for packet in packets]
    delay = max(number - times.index(packet.pts) for number, packet in enumerate(packets))
    before = [times[0] - ahead * max(packets[0].duration, 1) for ahead in range(delay, 0, -1)]
    return [*before, *times[: len(packets) - delay]]
