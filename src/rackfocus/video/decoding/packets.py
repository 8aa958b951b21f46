"""The packets of one stream of a container."""

from collections.abc import Generator
from contextlib import suppress
from typing import Any

import av
from av.container import InputContainer


def packets_of(container: InputContainer, stream: Any) -> Generator[av.Packet, None, None]:
    """The packets of a stream in the order of the file, and an empty one at the end.

    Raises:
        av.FFmpegError: the container is damaged.
    """
    # PyAV may raise this at the end of a file in which another stream began midway, as in transport streams,
    # after all packets of the streams that were there before.
    with suppress(IndexError):
        yield from container.demux(stream)
