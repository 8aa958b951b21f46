"""What a container holds, found out by writing a small one into memory."""

import io
from typing import Any

import av


def takes(kind: str, stream: Any) -> bool:
    """Whether a container allows the packets of a stream.

    Args:
        kind: FFmpeg's name of the container.
        stream: of a container that was opened for reading.
    """
    try:
        with av.open(io.BytesIO(), "w", format=kind) as trial:
            trial.add_stream_from_template(stream)
            trial.start_encoding()
    except (av.FFmpegError, OSError, ValueError):
        return False
    return True


def held_tags(kind: str, tags: dict[str, str]) -> set[str]:
    """The keys of those tags that a container holds without further settings of its muxer.

    Args:
        kind: FFmpeg's name of the container.
        tags: of the file.
    """
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as trial:
        trial.metadata.update(tags)
        track: Any = trial.add_stream("pcm_s16le", rate=8000, layout="mono")
        trial.start_encoding()
        packet = av.Packet(bytes(2))
        packet.stream, packet.time_base, packet.pts, packet.dts = track, track.time_base, 0, 0
        trial.mux(packet)
    file.seek(0)
    with av.open(file, metadata_errors="ignore") as written:
        return set(written.metadata)
