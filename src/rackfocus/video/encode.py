"""Write frames with the time stamps, orientation, colour tags and sound of their source."""

import contextlib
import logging
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.types import InputError
from rackfocus.video.codecs import H264, Codec
from rackfocus.video.pixels import rgb_to_picture
from rackfocus.video.reader import VideoReader
from rackfocus.video.segments import Segment, SegmentEncoder, configure, joined_packets
from rackfocus.video.sound.remux import Soundtrack, soundtracks
from rackfocus.video.source import Frame
from rackfocus.whole_files import followed, write_whole

CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}

SEGMENT_FRAMES = 48
"""Frames in a segment, at most so many are encoded again after a kill. Fewer would give larger files."""

JOB_FILE = "job.json"

_log = logging.getLogger(__name__)


class VideoWriter:
    """A video made of frames of `source`: same rate, time stamps, rotation, colour tags and sound.

    A context manager. The first frame written is at time zero, and the sound is cut to the time of the frames
    written, or kept to its end. Frames are encoded in segments, which are stored in a hidden folder beside
    the target and joined to one file when the context ends without an error; the target is never incomplete.

    If a `job` is given, segments are kept after a failure or a kill, and the next writer of the same job
    continues after them: its first `frames_written` frames need not be written again. Otherwise they are
    deleted.

    Args:
        path: `.mp4`, `.m4v`, `.mov` or `.mkv`; an existing file is replaced.
        source: the reader that the frames come from.
        size: width and height as displayed; the source's by default.
        codec: H.264 by default.
        whole_sound: keep the sound to its end, even if it is longer than the pictures.
        job: a text that identifies this video among all that may be made at this path.

    Raises:
        InputError: the file type is unknown or does not support the codec, the path is that of the source, or
            the file cannot be written.
    """

    def __init__(
        self,
        path: str | Path,
        source: VideoReader,
        *,
        size: tuple[int, int] | None = None,
        codec: Codec | None = None,
        whole_sound: bool = True,
        job: str | None = None,
    ) -> None:
        self.path = followed(Path(path))
        self._codec = codec or H264()
        check_target(self.path, source.path, self._codec)
        self.width, self.height = size or (source.info.width, source.info.height)
        sideways = source.info.orientation.sideways
        self._coded_size = (self.height, self.width) if sideways else (self.width, self.height)
        self.frames_written = 0
        self._source, self._whole_sound, self._job = source, whole_sound, job
        self._folder = self.path
        self._segments = 0
        self._encoder: SegmentEncoder | None = None

    def __enter__(self) -> Self:
        try:
            self._open_folder()
            self._encoder = self._new_encoder()
        except BaseException as error:
            self._leave()
            if isinstance(error, OSError) and not isinstance(error, av.FFmpegError):
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
            self._leave()

    def write(self, frame: Frame, encoded: Float[Tensor, "3 height width"]) -> None:
        """Append one frame, in the order of the source.

        Args:
            frame: the frame of the source that gives the time.
            encoded: R'G'B' by the frame's transfer function, of the writer's size, upright; clipped to 0..1.

        Raises:
            InputError: the file cannot be written.
        """
        if encoded.shape[1:] != (self.height, self.width):
            rows, columns = encoded.shape[1:]
            raise ValueError(f"a frame is {columns} x {rows}, and the video {self.width} x {self.height}")
        info = self._source.info
        pixel_format = self._codec.pixel_format(*self._coded_size, info.bit_depth)
        with torch.inference_mode():
            coded = info.orientation.coded(encoded.float().cpu().clamp(0, 1))
            picture = rgb_to_picture(coded, info.colour, pixel_format)
        try:
            if self._encoder is None:
                self._encoder = self._new_encoder()
            self._encoder.encode(picture, frame.pts, frame.duration)
            self.frames_written += 1
            if len(self._encoder) == SEGMENT_FRAMES:
                self._end_segment()
        except (OSError, av.FFmpegError) as error:
            raise self._unwritable(error) from error

    def _open_folder(self) -> None:
        """Create the folder of the segments, or use the one left by a writer of the same job."""
        stem = f".{self.path.stem[:40]}"
        if self._job is None:
            self._folder = Path(tempfile.mkdtemp(prefix=f"{stem}.", dir=self.path.absolute().parent))
            return
        self._folder = self.path.absolute().with_name(
            f"{stem}-{zlib.crc32(self.path.name.encode()):08x}.parts"
        )
        job = self._folder / JOB_FILE
        if not (job.is_file() and job.read_text(encoding="utf-8") == self._job):
            if job.is_file():
                _log.warning("%s was begun on another device or otherwise; it starts anew.", self.path)
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir()
            write_whole(job, self._job.encode())
        while (segment := Segment.load(self._segment_file(self._segments))) is not None:
            self.frames_written += len(segment.packets)
            self._segments += 1

    def _segment_file(self, number: int) -> Path:
        return self._folder / f"{number:06d}.npz"

    def _new_encoder(self) -> SegmentEncoder:
        try:
            return SegmentEncoder(self._codec, self._source.info, self._coded_size)
        except av.FFmpegError as error:
            width, height = self._coded_size
            raise InputError(
                f"{self._codec.name} cannot be made of frames of {width} x {height} pixels "
                f"({error.strerror}); choose another codec or size."
            ) from error

    def _end_segment(self) -> None:
        if self._encoder is None or len(self._encoder) == 0:
            return
        segment, self._encoder = self._encoder.finish(), None
        segment.save(self._segment_file(self._segments))
        self._segments += 1

    def _finish(self) -> None:
        self._end_segment()
        if self._segments == 0:
            raise InputError(f"No frame was given for {self.path}; ask for frames that the source has.")
        whole = self._folder / f"whole{self.path.suffix}"
        self._assemble(whole)
        whole.replace(self.path)
        self._job = None  # The video is complete.

    def _stored(self) -> Iterator[Segment]:
        for number in range(self._segments):
            segment = Segment.load(self._segment_file(number))
            if segment is None:
                raise OSError(f"{self._segment_file(number)} was changed meanwhile")
            yield segment

    def _assemble(self, into: Path) -> None:
        """Join the segments and add the sound."""
        info = self._source.info
        kind = CONTAINERS[self.path.suffix.lower()]
        # Time base of the source. MP4 uses a multiple of a coarse one, so that every time stamp is exact.
        options = {} if kind == "matroska" else {"movflags": "faststart"}
        tracks: list[Soundtrack] = []
        with contextlib.ExitStack() as stack:
            container: Any = stack.enter_context(
                av.open(str(into.absolute()), "w", format=kind, container_options=options)
            )
            stream = container.add_stream(self._codec.encoder, rate=info.fps, options=self._codec.options())
            configure(stream.codec_context, self._codec, info, self._coded_size)
            stream.time_base = info.time_base
            if self._codec.tag is not None and kind != "matroska":
                stream.codec_context.codec_tag = self._codec.tag
            if info.orientation.rotation or info.orientation.mirrored:
                stream.set_display_rotation(info.orientation.rotation, hflip=info.orientation.mirrored)
            if info.has_audio:
                tracks = soundtracks(self._source.path, container)
                for track in tracks:
                    stack.callback(track.close)
            container.start_encoding()
            origin = end = None
            for coded in joined_packets(self._stored()):
                if origin is None or end is None:
                    origin = end = coded.pts
                    for track in tracks:
                        track.start(origin * info.time_base)
                packet = av.Packet(coded.data)
                packet.stream, packet.time_base = stream, info.time_base
                packet.pts, packet.dts, packet.duration = (
                    coded.pts - origin,
                    coded.dts - origin,
                    coded.duration,
                )
                packet.is_keyframe = coded.is_key
                container.mux(packet)
                end = max(end, coded.pts + coded.duration)
                for track in tracks:
                    track.write_until(end * info.time_base)
            assert end is not None
            for track in tracks:
                track.write_until(None if self._whole_sound else Fraction(end) * info.time_base)
                track.finish()

    def _leave(self) -> None:
        """Delete segments that no later writer needs."""
        self._encoder = None
        if self._folder != self.path and (self._job is None or self._segments == 0):
            shutil.rmtree(self._folder, ignore_errors=True)

    def _unwritable(self, error: Exception) -> InputError:
        return _unwritable(self.path, error)


def check_target(path: Path, source: Path, codec: Codec) -> None:
    """Check that a video of this name can be made of a source.

    Args:
        path: of the video to make.
        source: its frames and sound are used.
        codec: the codec of the video.
    """
    try:
        _check_name(path, source, codec)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or str(error)
    return InputError(f"{path} cannot be written ({reason}); choose another place or free some space.")


def _check_name(path: Path, source: Path, codec: Codec) -> None:
    if path.suffix.lower() not in CONTAINERS:
        kinds = ", ".join(CONTAINERS)
        raise InputError(
            f"{path} is of no kind of video that can be written; end its name in one of {kinds}."
        )
    if path.suffix.lower() not in codec.suffixes:
        kinds = ", ".join(codec.suffixes)
        raise InputError(f"{path} cannot hold {codec.name}; end its name in one of {kinds}.")
    if not path.absolute().parent.is_dir():
        raise InputError(f"The folder {path.absolute().parent} of {path.name} does not exist; make it first.")
    if path.is_dir():
        raise InputError(f"{path} is a folder; give the name of a file.")
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is a pipe, a socket or a device; give the name of a file.")
    if path.exists() and source.exists() and path.samefile(source):
        raise InputError(f"{path} is the source itself; give another name for the result.")
