"""A session: one open video with its annotation and background work, shared by all pages that show it."""

import dataclasses
import threading
import time
import zlib
from collections import Counter
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import numpy as np
from jaxtyping import Float

from rackfocus.app.server.queue import Queue
from rackfocus.app.session.annotation_file import AnnotationFile, find_annotation
from rackfocus.app.session.document import Document, Look
from rackfocus.app.session.exchange import agreement_text, annotation_in
from rackfocus.app.session.exports import Export, Exported, export
from rackfocus.app.session.gestures import Gestures
from rackfocus.app.session.place import Place
from rackfocus.app.session.tools import Tools, chosen
from rackfocus.app.session.track import Track
from rackfocus.app.work.disparity import DisparityWorker
from rackfocus.app.work.frames import CUT, Frames
from rackfocus.app.work.jobs import RUNNING, Jobs
from rackfocus.app.work.notices import Notice, Notices
from rackfocus.app.work.preview import INPUT, Preview, Shot
from rackfocus.app.work.priority import PriorityGate
from rackfocus.app.work.requested import Work
from rackfocus.app.work.survey import VideoSurvey
from rackfocus.app.work.tracking import Tracking
from rackfocus.app.work.waveform import Waveform
from rackfocus.focus.annotation.json_file import annotated_video
from rackfocus.focus.aperture import ShotAperture, shot_apertures
from rackfocus.types import InputError, Lens

REFOCUSED = "refocused"
IDLE_S = 60.0
"""Seconds without a request after which no page is open; open pages send requests far more often."""


class Session:
    """An open video. Thread-safe. Methods marked as quick never wait for background work.

    `name` is the video's path relative to its folder, `video` its entry in its annotation, `document` that
    annotation, `gestures` are edits of its targets, `jobs` the work that the user started, `tools` the
    components to choose from. All background threads of this process share the `gate`.

    Raises:
        InputError: the video cannot be read.
    """

    def __init__(self, place: Place, tools: Tools, queue: Queue, gate: PriorityGate) -> None:
        self.name, self.tools, self._place, self._queue = place.name, tools, place, queue
        self._lens_of = cache(lambda name: tools.lenses[chosen("lens", name, tools.lenses)]())
        self._versions: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._used_s = time.monotonic()
        self._notices = Notices(partial(self._tell, "notices"))
        self._frames = Frames(place.video)
        # A link may have been replaced since the video was found in the folder.
        self.check()
        video = self._frames.video
        self.video = annotated_video(place.video, frames=video.count)
        item = queue.item(place.name)
        self._seen: tuple[int, str] = (0, REFOCUSED)
        self._apertures: tuple[Track, Lens, tuple[ShotAperture, ...]] | None = None
        path = place.annotation or find_annotation(place.video, self.video, place.folder)
        file = AnnotationFile(place.out, path, self._notices.tell)
        self.document = Document(
            file,
            file.load(self.video),
            Look(
                item.lens if item.lens in tools.lenses else next(iter(tools.lenses)),
                item.tracker if item.tracker in tools.trackers else next(iter(tools.trackers)),
                item.automatic,
                item.rejected,
            ),
            changed=self._document_changed,
            keep_look=self._keep,
        )
        self.jobs = Jobs(partial(self._tell, "jobs"))
        self._disparities = DisparityWorker(
            self._frames,
            tools.network,
            network_size_px=tools.network_size_px,
            device=tools.device,
            gate=gate,
            estimated=self._estimated,
        )
        self._preview = Preview(
            self._frames, self._disparities, gate=gate, rendered=partial(self._tell, "picture")
        )
        self._tracking = Tracking(
            self._frames,
            self._disparities,
            trackers=lambda name: tools.trackers[chosen("tracker", name, tools.trackers)](),
            gate=gate,
            published=self._track_published,
            failed=self._notices.tell,
        )
        self.gestures = Gestures(self.document, lambda: self.track)
        self._work = Work(
            place.video,
            place.out,
            place.result,
            f"/result/{quote(place.name)}",
            tools,
            self.document,
            self._disparities,
            self._tracking,
            self._lens,
            self.check,
        )
        self._survey = VideoSurvey(
            place.video, self._frames, gate=gate, changed=self._tell, failed=self._notices.tell
        )
        self._keep(self.document.version.look)
        self._tracking.follow(0, self.document.version)
        for thread in (self._disparities, self._tracking, self._preview, self._survey):
            thread.start()

    @property
    def times_s(self) -> Float[np.ndarray, " frame"]:
        """Presentation time of each frame, since the first one."""
        return self._frames.video.times_s

    @property
    def has_sound(self) -> bool:
        return self._frames.video.info.has_audio

    @property
    def track(self) -> Track:
        """The focus track, as far as it is known."""
        return self._tracking.track

    @property
    def apertures(self) -> tuple[ShotAperture, ...]:
        """The automatic aperture of each shot, from the track as far as it is known."""
        track, lens = self.track, self._lens_of(self.document.lens)
        if self._apertures is None or self._apertures[:2] != (track, lens):
            video = self.video
            made = shot_apertures(
                track.focus(self.document.annotation.targets),
                lens,
                longer_side_px=max(video.width, video.height),
                fps=video.fps,
            )
            self._apertures = track, lens, made
        return self._apertures[2]

    @property
    def f_numbers(self) -> Float[np.ndarray, " frame"]:
        """The f-number of each frame: that of its shot if it is automatic, else that which was set."""
        given = np.full(self.video.frames, self.document.f_number)
        if self.document.automatic:
            for each in self.apertures:
                given[each.first : each.stop] = each.f_number
        return given

    @property
    def cuts(self) -> tuple[int, ...]:
        """The first frames of new shots, as far as they are known."""
        return tuple(np.flatnonzero(self._frames.cuts == CUT).tolist())

    @property
    def waveform(self) -> Waveform | None:
        """The waveform of the sound; `None`: there is no sound, or it is not read yet."""
        return self._survey.waveform

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Messages for the user, oldest first."""
        return self._notices.all

    @property
    def versions(self) -> Mapping[str, int]:
        """The number of changes of each kind."""
        self._used_s = time.monotonic()
        with self._lock:
            return dict(self._versions)

    @property
    def idle(self) -> bool:
        """Whether no page shows the video and no job is running."""
        busy = any(job.state == RUNNING for job in self.jobs.state.values())
        return not busy and time.monotonic() - self._used_s > IDLE_S

    @property
    def progress(self) -> Mapping[str, tuple[int, int]]:
        """What is done of unfinished background work, and the total, by its name."""
        all_work = {
            "disparity": self._disparities.progress,
            "tracking": self._tracking.progress,
            "looking through": (self._survey.done, self.video.frames),
        }
        return {name: (done, total) for name, (done, total) in all_work.items() if done < total}

    def look(self, index: int, view: str = REFOCUSED) -> None:
        """Set the frame that the user looks at: it and the frames after it are processed first. Quick."""
        self._seen = (min(max(index, 0), self.video.frames - 1), view)
        self._disparities.look(self._seen[0])
        self._tracking.look(self._seen[0])
        self._go_ahead()

    def frame_jpeg(self, index: int, view: str = REFOCUSED) -> bytes:
        """An image of one of `rackfocus.app.work.preview.VIEWS` as JPEG; waits until it can be made.

        Raises:
            InputError: there is no such frame or view, or the frame cannot be read.
        """
        self._used_s = time.monotonic()
        shot = self._shot(index, view)
        try:
            return self._preview.jpeg(shot)
        except InputError as error:
            self._notices.tell(str(error), "error")
            raise

    def picture_rev(self, index: int, view: str = REFOCUSED) -> str:
        """A short text that changes whenever the image of a frame changes. Quick."""
        return f"{zlib.crc32(repr(self._shot(index, view)).encode()):08x}"

    def spend(self, seconds: float) -> None:
        """Add working time. Quick."""
        self._queue.spend(self.name, seconds)

    def autofocus(self, mode: str) -> None:
        """Find targets in the background, and add them as suggestions.

        Raises:
            InputError: there is no such mode, or it is running.
        """
        chosen("autofocus", mode, self.tools.autofocus)
        self.jobs.start("autofocus", partial(self._work.suggest, mode), text=f"Looking for focus by {mode}.")

    def render(self, *, scale: float = 1.0) -> None:
        """Render the final video in the background, at `scale` (in (0, 1]) of the source's size.

        Raises:
            InputError: there is no target, or rendering is running.
        """
        if not self.document.annotation.targets:
            raise InputError("There is no focus target yet; add one, or let autofocus suggest some.")
        self.jobs.start("render", partial(self._work.render, scale), text="Rendering.")

    @property
    def result(self) -> Path:
        """The path of the final video, which exists once it was rendered."""
        return self._place.result

    def open_result(self) -> BinaryIO:
        """The final video, opened for reading.

        Raises:
            InputError: it is not rendered yet, or cannot be read.
        """
        try:
            return self._place.out.open(self._place.result)
        except OSError as error:
            raise InputError(f"{self.name} is not rendered yet.") from error

    def open_source(self) -> BinaryIO:
        """The video, opened for reading.

        Raises:
            InputError: it was removed or replaced, or cannot be read.
        """
        self.check()
        try:
            return self._place.folder.open(self.source)
        except OSError as error:
            raise InputError(f"{self.name} cannot be read ({error.strerror}).") from error

    @property
    def source(self) -> Path:
        """The path of the video."""
        return self._place.video

    @property
    def replaced(self) -> bool:
        """Whether the video file was replaced by another one."""
        try:
            self.check()
        except InputError:
            return self.source.exists()
        return False

    def check(self) -> None:
        """Check that the video is still the file that was opened.

        Raises:
            InputError: it was removed or replaced, also by a link out of the folder.
        """
        self._place.folder.real(self.source)
        self._frames.video.check()

    def export(self, kind: str) -> Export:
        """A file for other programs; see `rackfocus.app.session.exports`.

        Raises:
            InputError: there is no such kind, or the track is incomplete.
        """
        what = Exported(
            self.name,
            self.document.annotation,
            self.f_numbers,
            self.track,
            self.times_s,
            self._queue.item(self.name).annotator,
        )
        return export(kind, what)

    def load(self, data: bytes, name: str) -> str:
        """Replace the annotation by that of a JSON or CSV file; returns a description of what was loaded.

        Raises:
            InputError: the file holds no annotation, or that of another video.
        """
        annotation = annotation_in(data, name, self.video.sha256)
        self.document.replace(dataclasses.replace(annotation, video=self.video), f"import {name}")
        return f"{len(annotation.targets)} targets came in from {name}."

    def agreement(self, data: bytes, name: str) -> str:
        """The agreement of this annotation and another one of the same video, as text.

        Raises:
            InputError: the file holds no annotation, or that of another video.
        """
        theirs = annotation_in(data, name, self.video.sha256)
        return agreement_text(self.document.annotation, theirs, name)

    def close(self) -> None:
        """Stop all background work; the document is saved already."""
        # First, so that threads which wait for an estimate stop waiting.
        self._disparities.stop()
        self.jobs.close()
        self._survey.close()
        self._preview.close()
        self._tracking.close()
        self._disparities.close()
        self._frames.close()
        self._queue.save()

    def _tell(self, kind: str) -> None:
        with self._lock:
            self._versions[kind] += 1

    def _document_changed(self) -> None:
        self._tracking.follow(self.document.revision, self.document.version)
        self._go_ahead()
        self._tell("document")
        self._tell("picture")

    def _keep(self, look: Look) -> None:
        self._queue.change(
            self.name,
            **dataclasses.asdict(look),
            targets=sum(target.source == "user" for target in self.document.annotation.targets),
        )

    def _estimated(self) -> None:
        self._tell("progress")
        self._tracking.poke()

    def _track_published(self) -> None:
        self._go_ahead()
        self._tell("track")
        self._tell("picture")

    def _go_ahead(self) -> None:
        index, view = self._seen
        # The page itself requests the current frame.
        self._preview.go_ahead(index + 1, lambda at: self._shot(at, view))

    def _shot(self, index: int, view: str) -> Shot:
        if view == INPUT:
            return Shot(index, view)
        if not 0 <= index < self.video.frames:
            raise InputError(
                f"{self.name} has the frames 0 to {self.video.frames - 1}, and no frame {index}."
            )
        held = float(self.track.held[index])
        lens = dataclasses.replace(self._lens(), f_number=float(self.f_numbers[index]))
        return Shot(index, view, round(held, 2) if np.isfinite(held) else None, lens)

    def _lens(self) -> Lens:
        return dataclasses.replace(self._lens_of(self.document.lens), f_number=self.document.f_number)
