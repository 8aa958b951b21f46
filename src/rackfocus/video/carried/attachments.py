"""Carry cover pictures and attached files, such as the fonts of subtitles, into a new container."""

from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.stream import Disposition

from rackfocus.video.carried.trial import takes

COVERS = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}
"""Name and media type by which a cover picture of this codec is attached to MKV."""


def attach(source: InputContainer, into: OutputContainer) -> list[av.Packet]:
    """Add the attachments of `source` to `into`, before its header is written.

    Returns:
        The packets to write after the header.
    """
    packets = []
    in_mkv = into.format.name == "matroska"
    for stream in source.streams.video:
        if Disposition.attached_pic not in stream.disposition or stream.codec_context is None:
            continue
        packet = next((each for each in source.demux(stream) if each.size), None)
        codec = stream.codec_context.name
        if packet is None:
            continue
        if in_mkv and codec in COVERS:
            into.add_attachment(*COVERS[codec], bytes(packet))
        elif not in_mkv and takes(into.format.name, stream):
            track: Any = into.add_stream_from_template(stream, opaque=True)
            track.disposition = Disposition.attached_pic
            packet.stream, packet.pts, packet.dts = track, 0, 0
            packets.append(packet)
    if in_mkv:
        for attached in source.streams.attachments:
            into.add_attachment(attached.name or "attachment", attached.mimetype or "", attached.data or b"")
    return packets
