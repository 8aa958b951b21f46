"""Reads a video once in the background, for the waveform and the cuts on the time line."""

import threading
from collections.abc import Callable
from pathlib import Path

from rackfocus.app.work.frames import SURVEY, UNKNOWN, Frames
from rackfocus.app.work.notices import error_text
from rackfocus.app.work.priority import UNASKED, PriorityGate, lower_priority
from rackfocus.app.work.waveform import Waveform, read_waveform

TOLD_EVERY_FRAMES = 30


class VideoSurvey:
    """Reads the sound and finds the cuts, in a thread that ends when both are done.

    `waveform` is that of the sound (`None`: there is none, or it is not read yet), `done` the number of
    frames examined. `changed` is called with `waveform`, `cuts` or `progress`, `failed` with an error message
    for the user; the gate is waited for before each frame.
    """

    def __init__(
        self,
        path: Path,
        frames: Frames,
        *,
        gate: PriorityGate,
        changed: Callable[[str], None],
        failed: Callable[[str], None],
    ) -> None:
        self._path, self._frames, self._gate = path, frames, gate
        self._changed, self._failed = changed, failed
        self.waveform: Waveform | None = None
        self.done = 0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="survey", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop the thread."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        lower_priority(UNASKED)
        video = self._frames.video
        try:
            if video.info.has_audio:
                duration_s = float(video.times_s[-1]) + 1 / float(video.info.fps)
                self.waveform = read_waveform(
                    self._path, duration_s, origin_s=video.origin_s, stopped=self._closed.is_set
                )
                self._changed("waveform")
            for index in range(video.count):
                if self._closed.is_set():
                    return
                if self._frames.cuts[index] == UNKNOWN:
                    self._gate.wait_for_urgent()
                    if self._frames.is_cut(index, SURVEY):
                        self._changed("cuts")
                self.done = index + 1
                if self.done % TOLD_EVERY_FRAMES == 0:
                    self._changed("progress")
        except Exception as error:
            self._failed(f"Shots and sound are not all found: {error_text(error)}")
            self.done = video.count
        self._changed("progress")
