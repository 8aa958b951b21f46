"""Finds the focus track of a video from the same `D` that the video is rendered with."""

import dataclasses
import logging
from collections.abc import Callable
from dataclasses import dataclass

from rackfocus.focus.aperture import AUTOMATIC
from rackfocus.focus.modes import Finder, target_finder
from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.trackers.still import Still
from rackfocus.focus.trackers.tracker import Tracker
from rackfocus.pipelines.estimates import StoredMaps, VideoEstimates
from rackfocus.pipelines.focusing.autofocus import find_and_follow, follow
from rackfocus.pipelines.focusing.footage import Footage, stored_disparity
from rackfocus.pipelines.focusing.given_focus import Focus
from rackfocus.pipelines.kept_estimates import KeptEstimates
from rackfocus.types import FocusAnnotation, FocusKeyframes, FocusTarget, FocusTrack, InputError
from rackfocus.video import VideoReader

_log = logging.getLogger(__name__)

LOOK_AHEAD_S = 4.0
"""How many seconds after the last rendered frame autofocus still searches for targets."""


@dataclass(frozen=True)
class FocusSearch:
    """Finds the focus track for given targets, for those that autofocus finds, or for both.

    Attributes:
        targets: given ones; a user's take precedence over those that are found.
        finder: finds targets; `None`: only the given ones are followed.
        tracker: follows their subjects; `None`: NanoTrack if its files are found, else KCF.
        puller: moves focus between them; `None`: linearly in 10 frames.
        progress: called with frames done and the total of all passes; the total is `None` if unknown.

    Raises:
        InputError: there is no target and no finder.
    """

    targets: tuple[FocusTarget, ...]
    finder: Finder | None
    tracker: Tracker | None
    puller: FocusPuller | None
    progress: Callable[[int, int | None], None] | None

    def __post_init__(self) -> None:
        if self.finder is None and not self.targets:
            raise InputError("There is no focus target; add one, or give a point or a disparity.")

    def estimate(self, kept: KeptEstimates, estimates: VideoEstimates, last: int | None) -> None:
        """Estimate the frames that focus depends on, and store the estimates for rendering.

        Args:
            kept: the stored estimates, including those of an earlier, interrupted run.
            estimates: estimates the frames of the video.
            last: the frame after the last one that is rendered; `None`: the end.

        Raises:
            InputError: a frame that is rendered cannot be read, or the estimates cannot be written.
        """
        info, stop = estimates.reader.info, _seen(estimates.reader, last)
        count = info.frames if info.frames is None or stop is None else min(info.frames, stop)
        passes = 2 if self.finder is None else 3
        for done in kept.added(estimates, stop, needed=last):
            if self.progress is not None:
                self.progress(done, None if count is None else passes * count)

    def track(self, reader: VideoReader, maps: StoredMaps, last: int | None, *, done: int = 0) -> FocusTrack:
        """The focus track, from the first frame on; its warnings are logged.

        Args:
            reader: reads the video.
            maps: its stored estimates.
            last: the frame after the last one that is rendered; `None`: the end.
            done: the number of frames that `progress` was last called with.

        Raises:
            InputError: the video or the maps cannot be read, or there is no frame.
        """
        held, seen = maps.frame_range.stop, _seen(reader, last)
        footage = Footage(
            reader,
            stored_disparity(maps, reader.info.width),
            last=held if seen is None else min(held, seen),
        )

        def progress(further: int, count: int | None) -> None:
            if self.progress is not None:
                self.progress(done + further, None if count is None else done + count)

        if self.finder is None:
            return follow(footage, self.targets, tracker=self.tracker, puller=self.puller, progress=progress)
        track = find_and_follow(
            footage,
            self.finder,
            targets=self.targets,
            tracker=self.tracker,
            puller=self.puller,
            progress=progress,
        )
        for warning in track.warnings:
            _log.warning("%s: %s", reader.path, warning)
        return track


def _seen(reader: VideoReader, last: int | None) -> int | None:
    """The frame after the last one that the search reads; `None`: the end."""
    return None if last is None else last + round(LOOK_AHEAD_S * reader.info.fps)


def focus_search(
    focus: Focus,
    f_number: float | FocusKeyframes | str | None,
    autofocus: str | Finder | None,
    tracker: Tracker | None,
    puller: FocusPuller | None,
    progress: Callable[[int, int | None], None] | None,
) -> FocusSearch | None:
    """The search for the focus track; `None` if neither focus nor the f-number needs one.

    Raises:
        InputError: focus is given twice, there is no such autofocus mode, there is no target, or the f-number
            is automatic and there is no subject.
    """
    annotation = focus if isinstance(focus, FocusAnnotation) else None
    if autofocus is not None and focus is not annotation:
        raise InputError("Say only once what is in focus: by autofocus, or by a point, disparity or track.")
    finder = target_finder(autofocus) if isinstance(autofocus, str) else autofocus
    if annotation is not None:
        puller = puller or FocusPuller(**dataclasses.asdict(annotation.pulls))
        return FocusSearch(annotation.targets, finder, tracker, puller, progress)
    if finder is not None:
        return FocusSearch((), finder, tracker, puller, progress)
    if f_number != AUTOMATIC or isinstance(focus, FocusTrack):
        return None
    if not isinstance(focus, tuple):
        raise InputError(
            "f_number=auto looks at the subject, and a disparity has none; give a point, an annotation or "
            "autofocus, or an f-number such as 2.8."
        )
    return FocusSearch((FocusTarget(0, *focus),), None, Still(), puller, progress)
