"""Carry all that belongs to a video beside its pictures from a source into a new file."""

import contextlib
import logging
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from av.container import OutputContainer

from rackfocus.video.carried.attachments import attach
from rackfocus.video.carried.chapters import chapters_between
from rackfocus.video.carried.listing import listing, time_code
from rackfocus.video.carried.subtitles import subtitle_tracks
from rackfocus.video.carried.tags import file_tags, muxer_options, track_tags
from rackfocus.video.carried.time_code import later
from rackfocus.video.decode import open_container, video_stream
from rackfocus.video.sound.remux import soundtracks
from rackfocus.video.stills import STILL_SUFFIXES

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """The part of a source that is in the new file, in seconds on the clock of the source.

    Attributes:
        start: of the first frame.
        end: of what is carried. `None`: that of the source.
    """

    start: Fraction
    end: Fraction | None


class Track(Protocol):
    """A track that is copied beside the pictures."""

    def start(self, origin: Fraction) -> None: ...
    def write_until(self, time: Fraction | None) -> None: ...
    def finish(self) -> None: ...
    def close(self) -> None: ...


class Carried:
    """Tags, chapters, time code, sound, subtitles and attachments of a source. A context manager.

    Args:
        source: the file to read. `None`: nothing is carried. Nothing is known of images either.
        kind: FFmpeg's name of the new container.

    Attributes:
        options: the settings of the muxer to open the new container with.
    """

    def __init__(self, source: Path | None, kind: str) -> None:
        is_video = source is not None and source.is_file() and source.suffix.lower() not in STILL_SUFFIXES
        self._source, self._kind = source if is_video else None, kind
        self._tags: dict[str, str] = {}
        self._tracks: list[Track] = []
        self._closing = contextlib.ExitStack()
        self._part, self._cut = Part(Fraction(0), None), False
        if self._source is not None:
            with open_container(self._source) as container:
                self._tags = file_tags(container)
        self.options = muxer_options(kind, self._tags)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def begin(self, into: OutputContainer, part: Part, fps: Fraction) -> None:
        """Add everything to a container that has its video stream, and write the header.

        Args:
            into: the new container.
            part: of the source.
            fps: frames a second, for the time code.
        """
        self._part = part
        packets = []
        if self._source is not None:
            into.metadata.update(self._tags)
            with open_container(self._source) as container:
                stream = video_stream(container, self._source)
                video: Any = into.streams.video[0]
                video.metadata.update(track_tags(stream, self._kind))
                video.disposition = stream.disposition
                first = (stream.start_time or 0) * (stream.time_base or Fraction(0))
                skipped = max(0, round((part.start - first) * fps))
                self._cut = skipped > 0 or part.end is not None
                code = later(time_code(container) or "", skipped, fps)
                if code is not None:
                    video.metadata["timecode"] = code
                into.set_chapters(chapters_between(container.chapters(), part.start, part.end))
                packets = attach(container, into)
            self._tracks = [*soundtracks(self._source, into), *subtitle_tracks(self._source, into)]
        for track in self._tracks:
            self._closing.callback(track.close)
            track.start(part.start)
        into.start_encoding()
        into.mux(packets)

    def write_until(self, time: Fraction) -> None:
        """Write what begins before a time of the source, in seconds."""
        for track in self._tracks:
            track.write_until(time)

    def finish(self) -> None:
        """Write the rest."""
        for track in self._tracks:
            track.write_until(self._part.end)
            track.finish()

    def report(self, written: Path, target: Path) -> None:
        """List in one warning what the new file does not hold.

        Args:
            written: the new file.
            target: its final name.
        """
        if self._source is None:
            return
        held = listing(written)
        # A part of a video need not have all of its chapters and subtitles.
        cut = ("chapter ", "subtitle ") if self._cut else ()
        lost = [name for name in listing(self._source) if name not in held and not name.startswith(cut)]
        if lost:
            _log.warning("%s cannot hold, and lacks: %s", target, ", ".join(lost))
