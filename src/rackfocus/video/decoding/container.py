"""Opens a media file for FFmpeg, which reads that file and no other, whatever is written in it."""

from functools import cache
from pathlib import Path

import av
from av.codec.hwaccel import HWAccel
from av.container import InputContainer

from rackfocus.reading.limits import decoder_limit

LISTS = frozenset({"concat", "dash", "hls", "imf", "sdp", "vobsub", "webm_dash_manifest"})
"""FFmpeg's names of formats that refer to other files or addresses, as playlists do."""


def open_file(path: Path, hwaccel: HWAccel | None = None) -> InputContainer:
    """Open a video, sound or picture; its format is told by its content, not by its name.

    FFmpeg is given the open file instead of its name, and no way to open another one: so it never sees a `%`
    in a name, which it takes for a pattern of numbered pictures, and a link that is replaced meanwhile does
    not matter.

    Args:
        path: of the file.
        hwaccel: decodes its pictures; `None`: the CPU.

    Raises:
        OSError: the file cannot be opened.
        av.FFmpegError: it is of an unknown format, damaged, or a list of other files.
    """
    with path.open("rb") as file:
        options = {
            "fd": str(file.fileno()),
            "protocol_whitelist": "fd",
            "format_whitelist": _formats(),
            **decoder_limit(),
        }
        return av.open("fd:", options=options, metadata_errors="ignore", hwaccel=hwaccel)


@cache
def _formats() -> str:
    """The formats that consist of the opened file alone."""
    return ",".join(sorted(name for name in av.formats_available if name not in LISTS and _is_one_file(name)))


def _is_one_file(name: str) -> bool:
    try:
        return not av.ContainerFormat(name, "r").no_file
    except ValueError:  # It is only written.
        return False
