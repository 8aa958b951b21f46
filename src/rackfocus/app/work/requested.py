"""The jobs that a user starts on the page: autofocus, and rendering the final video."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rackfocus.app.server.opened_folder import OpenedFolder
from rackfocus.app.session.document import Document
from rackfocus.app.session.tools import Tools
from rackfocus.app.session.track import Track
from rackfocus.app.work.disparity import DisparityWorker
from rackfocus.app.work.jobs import Outcome, Progress
from rackfocus.app.work.tracking import Tracking
from rackfocus.focus.aperture import AUTOMATIC
from rackfocus.pipelines.focusing.analysis import found_targets
from rackfocus.pipelines.focusing.autofocus import open_footage
from rackfocus.pipelines.focusing.footage import FrameDisparityStore
from rackfocus.pipelines.refocus import refocus
from rackfocus.types import FocusTarget, InputError, Lens


@dataclass(frozen=True)
class Work:
    """Runs the jobs of one open video: `result` is the path of the rendered video in the folder `out`,
    `address` its address for a browser.

    Suggestions are added to the document. `lens` gives the lens to render with; `check` raises InputError if
    the video is no longer the file that was opened.
    """

    video: Path
    out: OpenedFolder
    result: Path
    address: str
    tools: Tools
    document: Document
    disparities: DisparityWorker
    tracking: Tracking
    lens: Callable[[], Lens]
    check: Callable[[], None]

    def suggest(self, mode: str, progress: Progress) -> Outcome:
        """Find targets by an autofocus mode, and replace its earlier suggestions by them.

        Raises:
            InputError: the video cannot be read, or what the detectors need is missing.
        """
        self.check()
        scene = self.tools.autofocus[mode]()
        frames = self.document.annotation.video.frames
        with (
            open_footage(self.video, disparity=self.disparities.small, device=self.tools.device) as footage,
            FrameDisparityStore() as known,
        ):
            # Their subjects are followed by the session's own tracking.
            all_found, warnings = found_targets(
                footage, scene, known, progress=lambda done: progress(done, frames)
            )
        found = [target for target in all_found if target.t < frames]
        kept = sum(
            self.document.suggest(source, [target for target in found if target.source == source])
            for source in {scene.source, *(target.source for target in found)}
        )
        told = f"{kept} suggestions by {mode}." if found else f"Nothing was found by {mode}."
        if kept < len(found):
            told += f" {len(found) - kept} that you rejected before are left out."
        return Outcome(" ".join((told, *warnings)))

    def render(self, scale: float, progress: Progress) -> Outcome:
        """Render the video as the preview shows it, at `scale` (in (0, 1]) of the source's size.

        Raises:
            InputError: the video cannot be read to its end, or the result cannot be written.
        """
        self.check()
        targets, track = self._followed(progress)
        try:
            self.out.make(self.result.parent)
        except OSError as error:
            raise InputError(
                f"{self.result.parent} cannot be made ({error.strerror}); choose another place with out=."
            ) from error
        self.out.check_links(self.result.parent)
        self.disparities.rest(True)
        try:
            frames = refocus(
                self.video,
                self.result,
                focus=track.focus(targets),
                f_number=AUTOMATIC if self.document.automatic else None,
                lens=self.lens(),
                model=self.tools.network(),
                network_size_px=self.tools.network_size_px,
                stabilizer=self.tools.stabilizer(),
                scale=scale,
                device=self.tools.device,
                progress=progress,
            )
        finally:
            self.disparities.rest(False)
        return Outcome(f"{self.result.name}: {frames} frames.", result=self.address)

    def _followed(self, progress: Progress) -> tuple[tuple[FocusTarget, ...], Track]:
        """The targets and their track; waits until it is complete."""
        while True:
            track = self.tracking.track
            if track.revision == self.document.revision and track.complete:
                return self.document.annotation.targets, track
            progress(0, None)
            if self.tracking.stuck:
                raise InputError(f"{self.video} cannot be read to its end; a focus track needs all of it.")
            self.tracking.wait(0.2)
