"""Display times of the frames of a video, and the places where decoding may begin, from its packets alone."""

from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple

import av

from rackfocus.types import InputError
from rackfocus.video.decode import open_container, video_stream
from rackfocus.video.decoding.coded import left_out
from rackfocus.video.decoding.packets import packets_of

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
        repeats: those of them at which the picture before is shown again; see `Clock`.
        keys: the key frames, by display time; they may be earlier than the first displayed frame.
        start: the first time to which one can seek.
    """

    stamps: list[int]
    keys: list[KeyFrame]
    start: int
    repeats: frozenset[int] = frozenset()


class _Packet(NamedTuple):
    pts: int | None
    dts: int | None
    is_key: bool
    is_discarded: bool


def packet_table(path: Path) -> PacketTable | None:
    """Read all packets of a video. `None`: their time stamps do not identify the frames.

    Raises:
        InputError: see `open_container`, or the container is damaged.
    """
    with open_container(path) as container:
        stream = video_stream(container, path)
        try:
            packets = [
                _Packet(packet.pts, packet.dts, packet.is_keyframe, packet.is_discard)
                for packet in packets_of(container, stream)
                if packet.size
            ]
        except (av.FFmpegError, OSError) as error:
            raise InputError(f"{path} is damaged or cut short; copy it again.") from error
        stamped = any(kind in container.format.name for kind in STAMPED)
        is_avi, frames = container.format.name == "avi", stream.frames
        reordered = stream.codec_context.has_b_frames
    shown = [packet.pts for packet in packets if not packet.is_discarded]
    stamps = [pts for pts in shown if pts is not None]
    if not stamps or len(set(stamps)) < len(shown) or _restarts(packets):
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
    repeats: frozenset[int] = frozenset()
    if is_avi:
        ends = [*sorted(stamps), max(frames, max(stamps) + 1)]
        repeats = frozenset(chain.from_iterable(left_out(one + 1, other) for one, other in pairwise(ends)))
    return PacketTable(sorted([*stamps, *repeats]), keys, start, repeats)


def _restarts(packets: list[_Packet]) -> bool:
    """Whether the clock falls back, as where recordings were joined: then stamps do not tell the order."""
    times = [packet.dts for packet in packets if packet.dts is not None]
    return any(after < before for before, after in pairwise(times))
