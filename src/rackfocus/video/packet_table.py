"""Display times of the frames of a video, and the places where decoding may begin, from its packets alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from rackfocus.video.decode import open_container, video_stream

STAMPED = ("mp4", "matroska")
"""Container formats whose packets always carry the display time."""


class KeyFrame(NamedTuple):
    """A frame at which decoding may begin, in units of the stream's time base.

    Attributes:
        shown: its display time.
        sought: the time by which the container seeks to it.
    """

    shown: int
    sought: int


@dataclass(frozen=True)
class PacketTable:
    """Time stamps in units of the stream's time base.

    Attributes:
        stamps: display time of each frame, ascending.
        keys: the key frames, by display time; they may be earlier than the first displayed frame.
        start: the first time to which one can seek.
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
    """Read all packets of a video. `None`: their time stamps do not identify the frames.

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
    # A key frame that an edit list leaves out is kept, because the first frames may refer to it.
    keys = sorted(
        KeyFrame(pts, pts if stamped or dts is None else dts)
        for pts, dts, is_key, _ in packets
        if is_key and pts is not None
    )
    if not stamped:
        # Ascending stamps of frames that are decoded in another order only count the packets.
        if not keys or (reordered and stamps == sorted(stamps)):
            return None
        # Pictures before the first key frame cannot be decoded.
        stamps = [stamp for stamp in stamps if stamp >= keys[0].shown]
    start = min(stamp for packet in packets for stamp in (packet.pts, packet.dts) if stamp is not None)
    return PacketTable(sorted(stamps), keys, start)
