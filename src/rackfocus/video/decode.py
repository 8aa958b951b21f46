"""Read frames one at a time from a video, an animated GIF, a still image or a folder of numbered images."""

import errno
import logging
import stat
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from rackfocus.reading.limits import require_pixels
from rackfocus.types import InputError
from rackfocus.video.decoding.coded import Coded
from rackfocus.video.decoding.container import open_file
from rackfocus.video.decoding.decoder import set_up
from rackfocus.video.decoding.hardware import hardware, planar
from rackfocus.video.decoding.interlacing import INTERLACED, TAGGED, deinterlaced, field_order
from rackfocus.video.decoding.pictures import DAMAGED, Pictures, average_rate
from rackfocus.video.reader import VideoReader, file_states
from rackfocus.video.source import Look, VideoInfo, look_of
from rackfocus.video.stills import STILL_SUFFIXES, StillsReader, is_animated

VIDEO_SUFFIXES = frozenset(
    (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".3gp", ".wmv")
)
"""The endings by which the videos in a folder are found."""

_log = logging.getLogger(__name__)


class ContainerReader(VideoReader):
    """Frames of a media file: MP4, MOV, MKV, AVI, MPEG, GIF and other formats that FFmpeg reads.

    Attributes:
        field_order: for `deinterlaced`; `None`: the pictures are not interlaced.
    """

    def __init__(
        self,
        path: Path,
        *,
        damaged: str = "stop",
        interlaced: str = "deinterlace",
        hwaccel: str | None = None,
    ) -> None:
        self._damaged, self._hwaccel = damaged, hwaccel
        self._said: set[str] = set()
        opened = file_states([path])
        with open_container(path, hwaccel) as container:
            stream = video_stream(container, path)
            pictures = (planar(coded.picture) for coded in Pictures(container, stream, path))
            first = next(pictures, None)
            if first is None:
                raise InputError(f"{path} holds no frame; it is empty or was cut short, so export it again.")
            if hwaccel is not None and not stream.codec_context.is_hwaccel:
                self._say(f"{path}: hwaccel={hwaccel} has no decoder for it; it is decoded on the CPU")
            look = look_of(
                first,
                str(path),
                stream.codec_context.name,
                pixel_aspect=stream.sample_aspect_ratio or None,
            )
            super().__init__(path, _info(container, stream, look), look, opened)
            self.field_order = field_order(chain([first], _whole(pictures)))
        if self.field_order is None:
            return
        how = "is interlaced" if self.field_order == TAGGED else "looks interlaced"
        if interlaced == "refuse":
            raise InputError(f"{path} {how}; deinterlace it first, or leave out interlaced=refuse.")
        self._say(f"{path} {how}: it is deinterlaced")

    def coded(self) -> Iterator[Coded]:
        with open_container(self.path, self._hwaccel) as container:
            stream = video_stream(container, self.path)
            pictures = Pictures(container, stream, self.path, damaged=self._damaged)
            pairs = ((coded, planar(coded.picture)) for coded in pictures)
            try:
                if self.field_order is None:
                    for coded, picture in pairs:
                        yield Coded(picture, coded.pts, coded.duration)
                    return
                for coded, picture in deinterlaced(pairs, self.field_order):
                    yield Coded(picture, coded.pts, coded.duration)
            finally:
                if pictures.replaced:
                    self._say(
                        f"{self.path}: {pictures.replaced} damaged frames show the last good one before them"
                    )

    def _say(self, sentence: str) -> None:
        """Log a warning, once for all passes."""
        if sentence not in self._said:
            self._said.add(sentence)
            _log.warning(sentence)


def open_video(
    path: str | Path,
    *,
    fps: float | Fraction = 24,
    damaged: str = "stop",
    interlaced: str = "deinterlace",
    hwaccel: str | None = None,
) -> VideoReader:
    """Open a video, an animation, a still image or a folder of numbered images.

    Args:
        path: of the file or folder.
        fps: frames a second, for images only.
        damaged: `stop` raises at a damaged frame; `hold` shows the last good one instead, until the next key
            frame, and logs how often.
        interlaced: `deinterlace` gives full frames by FFmpeg's `bwdif`, as many as there are, and logs that;
            `refuse` raises.
        hwaccel: the decoder of a GPU, as FFmpeg calls it (`cuda`, `videotoolbox`, ...); `None`: the CPU.
            H.264 and HEVC define every bit of a picture, so that it is the same on both.

    Raises:
        InputError: the path is missing, empty, no video, damaged at its first frame, or a folder whose images
            are not one numbered sequence; it is interlaced and that is refused; a setting is unknown, or
            there is no such hardware.
    """
    for name, value, known in (("damaged", damaged, DAMAGED), ("interlaced", interlaced, INTERLACED)):
        if value not in known:
            raise InputError(f"{name} must be {' or '.join(known)}, and is {value!r}.")
    path = existing(Path(path))
    if path.is_dir():
        return StillsReader(path, fps=fps)
    if path.suffix.lower() in STILL_SUFFIXES:
        if not is_animated(path):
            return StillsReader(path, fps=fps)
        if path.suffix.lower() == ".webp":  # FFmpeg reads animated PNG only.
            raise InputError(
                f"{path} is an animated WebP, which is not read; convert it to GIF or MP4 first."
            )
    return ContainerReader(path, damaged=damaged, interlaced=interlaced, hwaccel=hwaccel)


def existing(path: Path) -> Path:
    """The path, if it is a file or a folder that can be read more than once.

    Raises:
        InputError: it does not exist, its name is too long, or it is a pipe, a socket or a device.
    """
    try:
        kind = path.stat().st_mode
    except PermissionError as error:
        raise InputError(f"{path} may not be read; change its permissions.") from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise InputError(f"{path} is too long for the name of a file; give a shorter one.") from error
        raise InputError(
            f"{path} does not exist; give the path of a video or of a folder of frames."
        ) from error
    except ValueError as error:
        raise InputError(f"{str(path)!r} is no name of a file; give the path of a video.") from error
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        raise InputError(
            f"{path} is a pipe, a socket or a device, which cannot be read twice; store it as a file first."
        )
    return path


def _whole(pictures: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """Pictures up to the first that is damaged."""
    with suppress(InputError):
        yield from pictures


def open_container(path: Path, hwaccel: str | None = None) -> InputContainer:
    """Open a media file for reading; see `open_file`.

    Args:
        path: of the file.
        hwaccel: see `open_video`.

    Raises:
        InputError: the file is empty, cannot be read, is of an unknown format, or a list of other files; or
            there is no such hardware.
    """
    accelerator = None if hwaccel is None else hardware(hwaccel)
    try:
        if path.stat().st_size == 0:
            raise InputError(f"{path} is empty; copy or export it again.")
        return open_file(path, accelerator)
    except (av.FFmpegError, OSError) as error:
        if isinstance(error, PermissionError):
            raise InputError(f"{path} may not be read; change its permissions.") from error
        raise InputError(
            f"{path} is not a video that can be read (playlists are not), or it is damaged or cut short."
        ) from error


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The first video stream that is not cover art, set to report damage instead of concealing it.

    Raises:
        InputError: there is no video stream, no decoder for it, or it claims too many pixels.
    """
    streams = [
        stream
        for stream in container.streams.video
        if container.format.name != "tty" and Disposition.attached_pic not in stream.disposition
    ]
    if streams and all(Disposition.dependent in stream.disposition for stream in streams):
        raise InputError(f"{path} is a picture in tiles, which is not read; convert it to JPEG or PNG first.")
    # An animated AVIF holds its first picture also on its own.
    for stream in sorted(streams, key=lambda stream: stream.frames == 1):
        if stream.codec_context is None:
            raise InputError(
                f"{path} is in a video format that cannot be decoded; convert it to H.264 first."
            )
        if stream.codec_context.width:
            require_pixels(path, stream.codec_context.width, stream.codec_context.height)
        set_up(stream)
        return stream
    raise InputError(f"{path} holds no video.")


def _info(container: InputContainer, stream: VideoStream, look: Look) -> VideoInfo:
    fps = average_rate(stream)
    time_base = stream.time_base or 1 / fps
    duration: Any = None
    if stream.duration:
        duration = stream.duration * time_base
    elif container.duration:
        duration = Fraction(container.duration, av.time_base)
    return VideoInfo(
        width=look.width,
        height=look.height,
        frames=stream.frames or None,
        fps=fps,
        time_base=time_base,
        duration_s=None if duration is None else float(duration),
        orientation=look.orientation,
        colour=look.colour,
        transfer=look.transfer,
        has_audio=bool(container.streams.audio),
        bit_depth=look.bit_depth,
    )
