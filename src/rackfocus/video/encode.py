"""Write frames with the time stamps, orientation, colour tags and sound of their source."""

import contextlib
import errno
import logging
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from rackfocus.types import InputError
from rackfocus.video.carried.carried import Carried, Part
from rackfocus.video.codecs import H264, Codec
from rackfocus.video.decode import open_container
from rackfocus.video.decoding.packets import packets_of
from rackfocus.video.pixels import rgb_to_picture
from rackfocus.video.reader import VideoReader
from rackfocus.video.segments import Segment, SegmentEncoder, configure, joined_packets
from rackfocus.video.source import Frame
from rackfocus.whole_files import followed
from rackfocus.work_folder import PART, take_parts, work_folder

CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}

MATROSKA_TICKS = 1000
"""FFmpeg writes Matroska with time stamps of so many a second."""

SEGMENT_FRAMES = 48
"""Frames in a segment, at most so many are encoded again after a kill. Fewer would give larger files."""

_log = logging.getLogger(__name__)


class VideoWriter:
    """A video made of frames of `source`: same rate, time stamps, rotation, colour tags and sound.

    A context manager. The first frame written is at time zero, and the sound is cut to the time of the frames
    written, or kept to its end. Frames are encoded in segments, which are stored in a hidden folder beside
    the target and joined to one file when the context ends without an error; the target is never incomplete.

    If a `job` is given, segments are kept after a failure or a kill, and the next writer of the same job
    continues after them: its first `frames_written` frames need not be written again. Otherwise they are
    deleted.

    With `begin` it writes a part of such a video, from that frame on, and makes no file: its segments stay in
    a hidden folder for the writer of the same job without `begin`, which takes those of all parts.

    Args:
        path: `.mp4`, `.m4v`, `.mov` or `.mkv`; an existing file is replaced.
        source: the reader that the frames come from.
        size: width and height of the frames as displayed; the source's by default. Where the codec needs even
            numbers, the video is a pixel larger, with the last ones repeated.
        codec: H.264 by default.
        whole_sound: keep the sound to its end, even if it is longer than the pictures.
        job: a text that identifies this video among all that may be made at this path.
        begin: the first frame of a part, a multiple of `SEGMENT_FRAMES`; `None`: the whole video is written.

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
        begin: int | None = None,
    ) -> None:
        self.path = followed(Path(path))
        self._codec = codec or H264()
        check_target(self.path, source.path, self._codec)
        if CONTAINERS[self.path.suffix.lower()] == "matroska" and source.info.fps > MATROSKA_TICKS:
            rate = f"{float(source.info.fps):g} frames a second"
            raise InputError(f"{self.path} counts milliseconds, too coarse for {rate}; end its name in .mp4.")
        self.width, self.height = size or (source.info.width, source.info.height)
        width, height = self._codec.coded_size(self.width, self.height)
        # Columns on the right and rows at the bottom.
        self._padding = (0, width - self.width, 0, height - self.height)
        self._coded_size = (height, width) if source.info.orientation.sideways else (width, height)
        self.frames_written = begin or 0
        self._source, self._whole_sound, self._job = source, whole_sound, job
        self._begin = begin
        self._folder = self.path
        self._segments = self.frames_written // SEGMENT_FRAMES
        self._encoder: SegmentEncoder | None = None

    def __enter__(self) -> Self:
        try:
            self._open_folder()
            self._encoder = self._new_encoder()
            if any(self._padding):
                width, height = self._codec.coded_size(self.width, self.height)
                sizes = f"{width} x {height} instead of {self.width} x {self.height}"
                why = f"players of {self._codec.name} need even numbers; the last pixels are repeated"
                _log.warning("%s has %s pixels, since %s", self.path, sizes, why)
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
            if kind is None and self._begin is None:
                self._finish()
            elif kind is None:
                self._end_segment()
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
        pixel_format = self._codec.pixel_format(info.bit_depth)
        with torch.inference_mode():
            padded = F.pad(encoded.float().cpu().clamp(0, 1)[None], self._padding, mode="replicate")[0]
            coded = info.orientation.coded(padded)
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
        if self._begin is None:
            self._folder = work_folder(self.path, "parts", self._job)
            take_parts(self._folder)
        else:
            self._folder = work_folder(self.path, f"{PART}{self._begin}", self._job)
        previous = None
        while (segment := Segment.load(self._segment_file(self._segments))) and segment.follows(previous):
            self.frames_written += len(segment.packets)
            self._segments += 1
            previous = segment

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
        self._source.check_unchanged()  # Its sound is read now.
        try:
            self._assemble(whole, alone=False)
        except av.FFmpegError as error:
            # Damaged sound may be refused only when it is written. The pictures are not lost with it.
            if isinstance(error, OSError):
                raise
            reason = error.strerror
            _log.warning("%s holds pictures only, as its sound cannot be written (%s)", self.path, reason)
            self._assemble(whole, alone=True)
        self._source.check_unchanged()
        self._read_back(whole)
        whole.replace(self.path)
        self._job = None  # The video is complete.

    def _stored(self, number: int) -> Segment:
        segment = Segment.load(self._segment_file(number))
        if segment is None:
            raise OSError(f"{self._segment_file(number)} was changed meanwhile")
        return segment

    def _assemble(self, into: Path, *, alone: bool) -> None:
        """Join the segments, and add what belongs to them unless they are to be `alone`."""
        info = self._source.info
        origin = self._stored(0).packets[0].pts
        end = max(packet.pts + packet.duration for packet in self._stored(self._segments - 1).packets)
        part = Part(origin * info.time_base, None if self._whole_sound else end * info.time_base)
        kind = CONTAINERS[self.path.suffix.lower()]
        with contextlib.ExitStack() as stack:
            carried = stack.enter_context(Carried(None if alone else self._source.path, kind))
            container: Any = stack.enter_context(
                av.open(str(into.absolute()), "w", format=kind, container_options=carried.options)
            )
            stream = container.add_stream(self._codec.encoder, rate=info.fps, options=self._codec.options())
            configure(stream.codec_context, self._codec, info, self._coded_size)
            # Time base of the source. MP4 uses a multiple of a coarse one, so that every time stamp is exact.
            stream.time_base = info.time_base
            if self._codec.tag is not None and kind != "matroska":
                stream.codec_context.codec_tag = self._codec.tag
            if info.orientation.rotation or info.orientation.mirrored:
                stream.set_display_rotation(info.orientation.rotation, hflip=info.orientation.mirrored)
            carried.begin(container, part, info.fps)
            for coded in joined_packets(self._stored(number) for number in range(self._segments)):
                packet = av.Packet(coded.data)
                packet.stream, packet.time_base = stream, info.time_base
                packet.pts, packet.dts, packet.duration = (
                    coded.pts - origin,
                    coded.dts - origin,
                    coded.duration,
                )
                packet.is_keyframe = coded.is_key
                container.mux(packet)
                carried.write_until((coded.pts + coded.duration) * info.time_base)
            carried.finish()
        if not alone:
            carried.report(into, self.path)

    def _read_back(self, whole: Path) -> None:
        """Check that the new file shows all frames."""
        with open_container(whole) as container:
            packets = packets_of(container, container.streams.video[0])
            shown = sum(packet.size > 0 and not packet.is_discard for packet in packets)
        if shown != self.frames_written:
            rate = f"{float(self._source.info.fps):g} frames a second"
            raise InputError(
                f"{self.path} cannot hold {rate}: of {self.frames_written} frames {shown} can be read back; "
                f"give {self._source.path} another rate."
            )

    def _leave(self) -> None:
        """Delete segments that no later writer needs."""
        self._encoder = None
        if self._folder != self.path and (self._job is None or self._segments == 0):
            shutil.rmtree(self._folder, ignore_errors=True)

    def _unwritable(self, error: Exception) -> InputError:
        return _unwritable(self.path, error)


def check_part(begin: int, end: int | None) -> None:
    """Check that the segments of a part of a video are those of the whole.

    Args:
        begin: the first frame of the part.
        end: the frame after its last one; `None`: the end of the video.

    Raises:
        InputError: a part lies otherwise.
    """
    if begin < 0 or begin % SEGMENT_FRAMES or (end is not None and (end % SEGMENT_FRAMES or end <= begin)):
        raise InputError(
            f"part={begin}:{'' if end is None else end} is no part of a video; give two multiples of "
            f"{SEGMENT_FRAMES} frames, counted from the first frame, or leave out the last one."
        )


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
    if getattr(error, "errno", None) == errno.ENOSPC:
        advice = "free some space, then run the same command again to go on"
    elif isinstance(error, OSError):
        advice = "choose another place or name"
    else:
        advice = f"end its name in another of {', '.join(CONTAINERS)}, or choose another codec"
    return InputError(f"{path} cannot be written ({reason}); {advice}.")


def _check_name(path: Path, source: Path, codec: Codec) -> None:
    if path.suffix.lower() not in CONTAINERS:
        kinds = ", ".join(CONTAINERS)
        raise InputError(
            f"{path} is of no kind of video that can be written; end its name in one of {kinds}."
        )
    if path.suffix.lower() not in codec.suffixes:
        kinds = ", ".join(codec.suffixes)
        raise InputError(f"{path} cannot hold {codec.name}; end its name in one of {kinds}.")
    check_place(path, source)


def check_place(path: Path, source: Path) -> None:
    """Check that a file of this name can be written, and that it is not the source.

    Raises:
        InputError: it is not so.
        OSError: the name cannot be one of a file.
    """
    if not path.absolute().parent.is_dir():
        raise InputError(f"The folder {path.absolute().parent} of {path.name} does not exist; make it first.")
    if path.is_dir():
        raise InputError(f"{path} is a folder; give the name of a file.")
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is a pipe, a socket or a device; give the name of a file.")
    if path.exists() and source.exists() and path.samefile(source):
        raise InputError(f"{path} is the source itself; give another name for the result.")
