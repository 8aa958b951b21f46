"""Reads a video once in the background, for the waveform and the cuts on the time line."""

from collections.abc import Callable
from pathlib import Path

from rackfocus.app.work.frames import SURVEY, UNKNOWN, Frames
from rackfocus.app.work.notices import error_text
from rackfocus.app.work.priority import PriorityGate
from rackfocus.app.work.waveform import Waveform, read_waveform
from rackfocus.app.work.worker import Worker

TOLD_EVERY_FRAMES = 30


class VideoSurvey(Worker):
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
        super().__init__("survey")
        self._path, self._frames, self._gate = path, frames, gate
        self._tell, self._failed = changed, failed
        self.waveform: Waveform | None = None
        self.done = 0

    def _work(self) -> None:
        video = self._frames.video
        try:
            if video.info.has_audio:
                duration_s = float(video.times_s[-1]) + 1 / float(video.info.fps)
                self.waveform = read_waveform(
                    self._path, duration_s, origin_s=video.origin_s, stopped=lambda: self._closed
                )
                self._tell("waveform")
            for index in range(video.count):
                if self._closed:
                    return
                if self._frames.cuts[index] == UNKNOWN:
                    self._gate.wait_for_urgent()
                    if self._frames.is_cut(index, SURVEY):
                        self._tell("cuts")
                self.done = index + 1
                if self.done % TOLD_EVERY_FRAMES == 0:
                    self._tell("progress")
        except Exception as error:
            self._failed(f"Shots and sound are not all found: {error_text(error)}")
            self.done = video.count
        self._tell("progress")
