"""Write frames as H.264 with the clock, orientation, colour tags and sound of their source."""

import contextlib
import os
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import torch
from av.codec.context import Flags
from jaxtyping import Float
from torch import Tensor

from rackfocus.types import InputError
from rackfocus.video.pixels import pixel_format_for, rgb_to_picture
from rackfocus.video.reader import VideoReader
from rackfocus.video.sound import Soundtrack, soundtracks
from rackfocus.video.source import Frame

CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}


class VideoWriter:
    """A video made of frames of `source`: same rate, time stamps, rotation, colour tags and sound.

    A context manager. The first frame written is at time zero, and the sound is cut to the time of the frames
    written; where the source was read to its end, so is its sound. The file is made under a temporary name
    beside its final one, and takes that when the context ends well; else nothing is left behind.

    Args:
        path: `.mp4`, `.m4v`, `.mov` or `.mkv`; an existing file is replaced.
        source: the reader that the frames come from.
        size: width and height as displayed; the source's by default.
        crf: constant rate factor of x264, 0 (lossless) to 51.
        preset: speed of x264, `ultrafast` to `veryslow`.

    Raises:
        InputError: the kind of file is unknown, it is the source itself, or it cannot be written.
    """

    def __init__(
        self,
        path: str | Path,
        source: VideoReader,
        *,
        size: tuple[int, int] | None = None,
        crf: int = 16,
        preset: str = "medium",
    ) -> None:
        self.path = Path(path)
        try:
            _check_target(self.path, source.path)
        except OSError as error:
            raise self._unwritable(error) from error
        self.width, self.height = size or (source.info.width, source.info.height)
        self.frames_written = 0
        self._source = source
        self._crf, self._preset = crf, preset
        partial = f".{self.path.stem[:40]}.{os.getpid()}-{id(self):x}{self.path.suffix}"
        self._partial = self.path.with_name(partial)
        self._origin = self._end = 0
        self._tracks: list[Soundtrack] = []
        self._container: Any = None

    def __enter__(self) -> Self:
        try:
            # Made here, because FFmpeg opens it only with the first frame, after minutes of work perhaps.
            self._partial.touch()
            self._open()
        except BaseException as error:
            self._discard()
            if isinstance(error, OSError | av.FFmpegError):
                raise self._unwritable(error) from error
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        except (OSError, av.FFmpegError) as failure:
            raise self._unwritable(failure) from failure
        finally:
            self._discard()

    def write(self, frame: Frame, encoded: Float[Tensor, "3 height width"]) -> None:
        """Append one frame, in the order of the source.

        Args:
            frame: the frame of the source whose time this one takes.
            encoded: R'G'B' by the frame's transfer function, of the writer's size, upright; clipped to 0..1.

        Raises:
            InputError: the file cannot be written any more, or the sound of the source is damaged.
        """
        if encoded.shape[1:] != (self.height, self.width):
            rows, columns = encoded.shape[1:]
            raise ValueError(f"a frame is {columns} x {rows}, and the video {self.width} x {self.height}")
        if self.frames_written == 0:
            self._origin = frame.pts
            for track in self._tracks:
                track.start(frame.pts * frame.time_base)
        with torch.inference_mode():
            coded = self._source.info.orientation.coded(encoded.float().cpu().clamp(0, 1))
            picture = rgb_to_picture(coded, self._source.info.colour)
        picture.time_base = frame.time_base
        picture.pts = frame.pts - self._origin
        picture.duration = frame.duration
        self._end = frame.pts + frame.duration
        try:
            self._container.mux(self._stream.encode(picture))
            for track in self._tracks:
                track.write_until(self._end * frame.time_base)
        except (OSError, av.FFmpegError) as error:
            raise self._unwritable(error) from error
        self.frames_written += 1

    def _open(self) -> None:
        info = self._source.info
        kind = CONTAINERS[self.path.suffix.lower()]
        # Ticks of the source; MP4 multiplies coarse ones, which keeps every time stamp exact.
        options = {} if kind == "matroska" else {"movflags": "faststart"}
        self._container = av.open(str(self._partial.absolute()), "w", format=kind, container_options=options)
        size = (self.height, self.width) if info.orientation.sideways else (self.width, self.height)
        codec_options = {"crf": str(self._crf), "preset": self._preset}
        self._stream = self._container.add_stream("libx264", rate=info.fps, options=codec_options)
        codec = self._stream.codec_context
        codec.width, codec.height = size
        codec.pix_fmt = pixel_format_for(*size)
        self._stream.time_base = codec.time_base = info.time_base
        codec.flags |= Flags.frame_duration
        if info.sample_aspect_ratio:
            codec.sample_aspect_ratio = info.sample_aspect_ratio
        tags = info.colour
        codec.color_range, codec.color_primaries = tags.range, tags.primaries
        codec.color_trc, codec.colorspace = tags.transfer, tags.matrix
        if info.orientation.rotation or info.orientation.mirrored:
            self._stream.set_display_rotation(info.orientation.rotation, hflip=info.orientation.mirrored)
        if info.has_audio:
            self._tracks = soundtracks(self._source.path, self._container)

    def _finish(self) -> None:
        if self.frames_written == 0:
            raise InputError(f"No frame was given for {self.path}; ask for frames that the source has.")
        self._container.mux(self._stream.encode(None))
        end = None if self._source.reached_end else Fraction(self._end) * self._source.info.time_base
        for track in self._tracks:
            track.write_until(end)
            track.finish()
        self._container.close()
        self._container = None
        self._partial.replace(self.path)

    def _discard(self) -> None:
        """Close everything and remove the temporary file, if it is still there."""
        for track in self._tracks:
            track.close()
        self._tracks = []
        if self._container is not None:
            with contextlib.suppress(OSError, av.FFmpegError):
                self._container.close()
            self._container = None
        with contextlib.suppress(OSError):
            self._partial.unlink()

    def _unwritable(self, error: Exception) -> InputError:
        reason = getattr(error, "strerror", None) or str(error)
        return InputError(
            f"{self.path} cannot be written ({reason}); choose another place or free some space."
        )


def _check_target(path: Path, source: Path) -> None:
    if path.suffix.lower() not in CONTAINERS:
        kinds = ", ".join(CONTAINERS)
        raise InputError(
            f"{path} is of no kind of video that can be written; end its name in one of {kinds}."
        )
    if not path.absolute().parent.is_dir():
        raise InputError(f"The folder {path.absolute().parent} of {path.name} does not exist; make it first.")
    if path.is_dir():
        raise InputError(f"{path} is a folder; give the name of a file.")
    if path.exists() and source.exists() and path.samefile(source):
        raise InputError(f"{path} is the source itself; give another name for the result.")
