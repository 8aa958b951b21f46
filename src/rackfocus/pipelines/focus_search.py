"""Finds the focus track of a video in the same `D` that the video is rendered with."""

import dataclasses
import logging
from collections.abc import Callable
from dataclasses import dataclass

from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.focus.target_finder import TargetFinder
from rackfocus.focus.trackers.tracker import Tracker
from rackfocus.pipelines.autofocus import find_and_follow, follow
from rackfocus.pipelines.estimates import StoredMaps, VideoEstimates
from rackfocus.pipelines.footage import Footage, stored_disparity
from rackfocus.pipelines.kept_estimates import KeptEstimates
from rackfocus.types import FocusAnnotation, FocusTrack, InputError
from rackfocus.video import VideoReader

_log = logging.getLogger(__name__)

LOOK_AHEAD_S = 4.0
"""How far beyond the last frame that is rendered autofocus looks for what focus should turn to."""


@dataclass(frozen=True)
class FocusSearch:
    """Finds the focus track of an annotation's targets, of those that autofocus finds, or of both.

    Attributes:
        annotation: its targets outrank what is found; None has none.
        finder: finds targets; None follows those of the annotation alone.
        tracker: follows their subjects; KCF where it is None.
        puller: pulls focus between them; as the annotation says, or 10 frames linearly, where it is None.
        progress: called with frames done and frames in all passes, the latter None where unknown.

    Raises:
        InputError: an annotation holds no target and nothing else finds one.
    """

    annotation: FocusAnnotation | None
    finder: SceneSpecific | TargetFinder | None
    tracker: Tracker | None
    puller: FocusPuller | None
    progress: Callable[[int, int | None], None] | None

    def __post_init__(self) -> None:
        if self.finder is None and not (self.annotation is not None and self.annotation.targets):
            raise InputError("There is no focus target; add one, or give a point or a disparity.")

    def estimate(self, kept: KeptEstimates, estimates: VideoEstimates, last: int | None) -> None:
        """Estimate the frames that focus depends on and keep them, to be rendered with, too.

        Args:
            kept: what is kept, and was kept before.
            estimates: of the video.
            last: the frame after the last one that is rendered; None means the end.

        Raises:
            InputError: a frame that is rendered cannot be read, or nothing can be kept.
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
            reader: of the video.
            maps: its estimates.
            last: the frame after the last one that is rendered; None means the end.
            done: the frames that `progress` was told of before.

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

        puller = self.puller
        if puller is None and self.annotation is not None:
            puller = FocusPuller(**dataclasses.asdict(self.annotation.pulls))
        targets = () if self.annotation is None else self.annotation.targets
        if self.finder is None:
            return follow(footage, targets, tracker=self.tracker, puller=puller, progress=progress)
        track = find_and_follow(
            footage, self.finder, targets=targets, tracker=self.tracker, puller=puller, progress=progress
        )
        for warning in track.warnings:
            _log.warning("%s: %s", reader.path, warning)
        return track


def _seen(reader: VideoReader, last: int | None) -> int | None:
    """The frame after the last one that the search looks at."""
    return None if last is None else last + round(LOOK_AHEAD_S * reader.info.fps)
