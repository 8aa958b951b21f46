"""Autofocus of conversations composed of clips of one talker each."""

import itertools
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rackfocus.device import AUTO
from rackfocus.evaluation.autofocus.focus_table import Progress, Row, mean
from rackfocus.evaluation.autofocus.speech.arrangement import QUIET, Arrangement, random_arrangement
from rackfocus.evaluation.autofocus.speech.composing import OTHERS, read_talkers, seat_box, write_conversation
from rackfocus.evaluation.autofocus.speech.flat_disparity import flat_disparity
from rackfocus.evaluation.autofocus.speech.speaker_scores import (
    SeatOf,
    Turn,
    change_scores,
    mean_scores,
    pull_scores,
    share_held,
    share_on_speaker,
)
from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.pipelines.focusing.autofocus import autofocus
from rackfocus.types import FocusTrack


@dataclass(frozen=True)
class Talkers:
    """Whether focus is on the speaker, and arrives before speech begins.

    Attributes:
        folder: of clips with one talker each, all of one frame rate.
        autofocus: the method.
        first_seed: of the arrangements; see `random_arrangement`.
        count: of arrangements.
        longer_side_px: of the frames for detectors and tracker.
        device: on which networks run, by its name.
        puller: moves focus between targets.
    """

    folder: str
    autofocus: SceneSpecific
    first_seed: int = 0
    count: int = 20
    longer_side_px: int = 640
    device: str = AUTO
    puller: FocusPuller = field(default_factory=FocusPuller)

    def rows(self, folder: Path, progress: Progress) -> Iterator[Row]:  # noqa: ARG002
        """A row for each arrangement and behaviour of the others; no pictures."""
        talkers, fps = read_talkers(self.folder)
        size = talkers[0].frames.shape[2], talkers[0].frames.shape[1]
        seeds = range(self.first_seed, self.first_seed + self.count)
        cases = list(itertools.product(seeds, OTHERS))
        for done, (seed, others) in enumerate(cases):
            arrangement = random_arrangement(seed, len(talkers))
            with tempfile.TemporaryDirectory() as place:
                video = Path(place) / "conversation.mkv"
                turns = write_conversation(video, talkers, arrangement, fps=fps, others=others)
                start = time.perf_counter()
                track = autofocus(
                    video,
                    self.autofocus,
                    disparity=flat_disparity,
                    longer_side_px=self.longer_side_px,
                    device=self.device,
                    puller=self.puller,
                )
                seconds = time.perf_counter() - start
            boxes = [seat_box(seat, number, size) for number, seat in enumerate(arrangement.seats)]
            yield {
                "seed": str(seed),
                **_told(arrangement),
                "others": others,
                **self._scores(track, turns, partial(_box_at, boxes), float(fps)),
                "seconds": seconds,
            }
            progress(done + 1, len(cases))

    def summary(self, rows: Sequence[Row]) -> list[Row]:
        """A row for each behaviour of the others."""
        return [
            {
                "seed": f"all {len(own)}",
                "others": others,
                **mean_scores(own),
                "seconds": mean(own, "seconds"),
            }
            for others in OTHERS
            if (own := [row for row in rows if row["others"] == others])
        ]

    def _scores(self, track: FocusTrack, turns: Sequence[Turn], seat_of: SeatOf, fps: float) -> Row:
        focused = [seat_of(float(x), float(y)) for x, y in track.points]
        return {
            "speaker": share_on_speaker(focused, turns),
            "held": share_held(focused, turns),
            **change_scores(track.targets, turns, seat_of, fps=fps, early_frames=self.puller.early_frames),
            **pull_scores(track, fps),
        }


def _told(arrangement: Arrangement) -> dict[str, str]:
    level = "" if arrangement.under == QUIET else f" {arrangement.louder_db:.0f} dB"
    return {
        "talkers": " ".join(str(seat.talker) for seat in arrangement.seats),
        "turns": " ".join("off" if said.seat is None else str(said.seat) for said in arrangement.said),
        "under speech": f"{arrangement.under}{level}",
    }


def _box_at(boxes: Sequence[tuple[int, int, int, int]], x: float, y: float) -> int | None:
    inside = (
        number
        for number, (left, top, right, bottom) in enumerate(boxes)
        if left <= x < right and top <= y < bottom
    )
    return next(inside, None)
