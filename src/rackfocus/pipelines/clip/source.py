"""The video that a clip was made from, referred to by relative path, size and sha256; it is not copied."""

import hashlib
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from rackfocus.types import InputError
from rackfocus.video import VideoReader
from rackfocus.video.decode import existing
from rackfocus.video.stills import numbered_images

LONGEST_SHOWN = 300
"""The most letters of a path that an error message shows."""


@dataclass(frozen=True)
class ClipSource:
    """A reference to a video or to a folder of numbered images.

    Attributes:
        path: relative to the folder of the clip, with `/` between names.
        bytes: its size; of a folder, that of all its images.
        sha256: of the file; of a folder, of the list of its images and their sums.
        width: in pixels, as displayed.
        height: in pixels, as displayed.
        fps: average rate, in frames a second.
        time_base: the unit of time stamps, in seconds.
        is_folder: whether it is a folder of images.
    """

    path: str
    bytes: int
    sha256: str
    width: int
    height: int
    fps: Fraction
    time_base: Fraction
    is_folder: bool


def identify(reader: VideoReader, clip: Path) -> ClipSource:
    """The reference to a video that a clip records.

    Args:
        reader: reads the video.
        clip: the folder of the clip.
    """
    info, path = reader.info, reader.path.resolve()
    relative = Path(os.path.relpath(path, clip.resolve())).as_posix()
    return ClipSource(
        path=relative,
        bytes=_size(path),
        sha256=digest(path),
        width=info.width,
        height=info.height,
        fps=info.fps,
        time_base=info.time_base,
        is_folder=path.is_dir(),
    )


def find_source(clip: Path, source: ClipSource, named: Path | None = None) -> Path:
    """Find the video of a clip and check that it is unchanged.

    Args:
        clip: the folder of the clip.
        source: the reference that the clip recorded.
        named: its current path as the user gives it; `None`: it was not moved.

    Raises:
        InputError: the video is missing, or is not the one that the clip was made from.
    """
    path = named if named is not None else Path(os.path.normpath(clip.resolve() / source.path))
    shown = str(path) if len(str(path)) <= LONGEST_SHOWN else f"{str(path)[:LONGEST_SHOWN]}..."
    if not os.path.exists(path):  # noqa: PTH110 - of a name that is too long, `Path.exists` raises an error.
        raise InputError(
            f"The video of {clip}, {shown}, is not there; say where it is now with "
            "source=PATH (video=PATH for `rackfocus refocus`)."
        )
    same_kind = path.is_dir() == source.is_folder
    if not same_kind or _size(path) != source.bytes or digest(path) != source.sha256:
        raise InputError(
            f"{path} is not the video that {clip} was made of, or it was changed since; name the right one "
            "with source=PATH (video=PATH for `rackfocus refocus`), or make the clip again."
        )
    return path


def digest(path: Path) -> str:
    """The sha256 of a file; of a folder, that of its images' names and sums, in order.

    Raises:
        InputError: it is a pipe, a socket or a device, or may not be read.
    """
    existing(path)
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    lines = [f"{digest(picture)}  {picture.name}\n" for picture in numbered_images(path)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _size(path: Path) -> int:
    files = numbered_images(path) if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files)
