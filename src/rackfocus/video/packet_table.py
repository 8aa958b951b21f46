"""When each frame of a video is shown, and where decoding may begin: read from its packets alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from rackfocus.video.decode import open_container, video_stream

STAMPED = ("mp4", "matroska")
"""Containers whose packets always carry the time at which they are shown."""


class KeyFrame(NamedTuple):
    """A frame at which decoding may begin, in units of the stream's time base.

    Attributes:
        shown: when it is shown.
        sought: the time at which the container finds it.
    """

    shown: int
    sought: int


@dataclass(frozen=True)
class PacketTable:
    """Time stamps in units of the stream's time base.

    Attributes:
        stamps: when each frame is shown, ascending.
        keys: the key frames, by when they are shown; they may be earlier than the first frame that is.
        start: the first time at which anything is found.
    """

    stamps: list[int]
    keys: list[KeyFrame]
    start: int


class _Packet(NamedTuple):
    pts: int | None
    dts: int | None
    is_key: bool
    is_discarded: bool


def packet_table(path: Path) -> PacketTable | None:
    """Read all packets of a video; None where their stamps do not tell which frame is which.

    Raises:
        InputError: see `open_container`.
    """
    with open_container(path) as container:
        stream = video_stream(container, path)
        packets = [
            _Packet(packet.pts, packet.dts, packet.is_keyframe, packet.is_discard)
            for packet in container.demux(stream)
            if packet.size
        ]
        stamped = any(kind in container.format.name for kind in STAMPED)
        reordered = stream.codec_context.has_b_frames
    shown = [packet.pts for packet in packets if not packet.is_discarded]
    stamps = [pts for pts in shown if pts is not None]
    if not stamps or len(set(stamps)) < len(shown):
        return None
    # An edit list may leave out a key frame that the first frames are made from: it counts all the same.
    keys = sorted(
        KeyFrame(pts, pts if stamped or dts is None else dts)
        for pts, dts, is_key, _ in packets
        if is_key and pts is not None
    )
    if not stamped:
        # Ascending stamps of frames that are decoded in another order only count the packets.
        if not keys or (reordered and stamps == sorted(stamps)):
            return None
        # What comes before the first key frame is not decoded.
        stamps = [stamp for stamp in stamps if stamp >= keys[0].shown]
    start = min(stamp for packet in packets for stamp in (packet.pts, packet.dts) if stamp is not None)
    return PacketTable(sorted(stamps), keys, start)
