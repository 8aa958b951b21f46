"""Decoding that reports damage to pictures, and forgives damage to messages beside them."""

import re
from collections.abc import Callable, Iterator

import av
from av.video.stream import VideoStream

from rackfocus.reading.limits import decoder_limit

BESIDE_PICTURES = {
    "h264": frozenset({6, *range(9, 13), *range(16, 19), *range(22, 32)}),
    "hevc": frozenset(range(35, 64)),
}
"""The types of units that hold neither pictures nor their parameters: supplemental messages, delimiters,
filling (ITU-T H.264 Table 7-1, H.265 Table 7-1)."""

Decode = Callable[[av.Packet], list[av.VideoFrame]]


def set_up(stream: VideoStream) -> None:
    """Set a decoder to report damage instead of concealing it."""
    # The size may also be told anew in the middle of a stream.
    stream.codec_context.options = {"err_detect": "explode", **decoder_limit()}
    # With several threads the H.264 decoder reports errors of a slice late or not at all.
    stream.codec_context.thread_count = 1


def decoder(stream: VideoStream) -> Decode:
    """A function that decodes the packets of a stream, one after the other.

    Some cameras write supplemental messages that are longer than their unit. They do not concern the
    pictures, so a packet that fails is tried again without them, and then all are.

    Raises:
        av.FFmpegError: a picture is damaged.
    """
    codec, has_broken = stream.codec_context.name, False

    def decode(packet: av.Packet) -> list[av.VideoFrame]:
        nonlocal has_broken
        if not has_broken:
            try:
                return _undamaged(stream.decode(packet))
            except av.InvalidDataError:
                if codec not in BESIDE_PICTURES or packet.size == 0:
                    raise
        pictures = _undamaged(stream.decode(_bare(packet, stream)))
        has_broken = True
        return pictures

    return decode


def _bare(packet: av.Packet, stream: VideoStream) -> av.Packet:
    """A packet without the units that do not concern its picture."""
    if packet.size == 0:
        return packet
    codec, setup = stream.codec_context.name, stream.codec_context.extradata or b""
    # MP4 and Matroska store the length of each unit, in as many bytes as a header says; others mark starts.
    at = 4 if codec == "h264" else 21
    length = 0 if setup.startswith((b"\0\0\1", b"\0\0\0\1")) or len(setup) <= at else (setup[at] & 3) + 1
    kept = b""
    for unit in _units(bytes(packet), length):
        kind = unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63
        if kind not in BESIDE_PICTURES[codec]:
            kept += (len(unit).to_bytes(length, "big") if length else b"\0\0\0\1") + unit
    bare = av.Packet(kept)
    bare.pts, bare.dts, bare.duration = packet.pts, packet.dts, packet.duration
    bare.time_base, bare.stream, bare.is_keyframe = packet.time_base, stream, packet.is_keyframe
    return bare


def _units(data: bytes, length: int) -> Iterator[bytes]:
    if not length:
        yield from filter(None, re.split(rb"\x00*\x00\x00\x01", data))
        return
    at = 0
    while at + length < len(data):
        end = at + length + int.from_bytes(data[at : at + length], "big")
        if unit := data[at + length : end]:
            yield unit
        at = end


def _undamaged(pictures: list[av.VideoFrame]) -> list[av.VideoFrame]:
    if any(picture.is_corrupt for picture in pictures):
        raise av.InvalidDataError(0, "damaged picture")
    return pictures
