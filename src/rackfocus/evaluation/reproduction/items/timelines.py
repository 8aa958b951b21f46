"""Time lines of focus: pulls between given targets (Fig. 4A), and targets that are found (Fig. 4B, 8)."""

from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from rackfocus.evaluation.autofocus.focus_clips import AnnotatedClip
from rackfocus.evaluation.reports.focus_timeline import Truth, draw_timeline, thumbnails_at
from rackfocus.evaluation.reproduction.claims import Claim
from rackfocus.evaluation.reproduction.item import Made, Material
from rackfocus.evaluation.reproduction.numbers import mean_of
from rackfocus.focus.modes import Finder
from rackfocus.focus.puller import FocusPuller
from rackfocus.metrics.focus import match_targets
from rackfocus.pipelines.focusing.autofocus import autofocus, follow
from rackfocus.types import FocusTrack

TOLERANCE_S = 2.0


@dataclass(frozen=True)
class FocusPulling:
    """Fig. 4A: the true targets of each clip, followed, with a pull from one to the next.

    Attributes:
        title: of the item.
        puller: the focus puller.
        longer_side_px: of the frames that the tracker sees.
    """

    title: str
    puller: FocusPuller
    longer_side_px: int = 640

    @property
    def claims(self) -> list[Claim]:
        """Of when a pull arrives."""
        claim = Claim(
            "Focus arrives at each target slightly before its time",
            "Fig. 4A, Sec. 5",
            "arrival before the target's frame",
            above=0,
        )
        return [claim]

    def make(self, material: Material, folder: Path) -> Made:
        """How long a pull takes, and how long before its target's frame it arrives."""
        early: list[float] = []
        lengths: list[float] = []
        for clip in material.annotated_clips():
            with clip.footage(longer_side_px=self.longer_side_px, device="cpu") as footage:
                track = follow(footage, clip.annotation.targets, puller=self.puller)
            starts = [target.t for target in track.targets if target.t > 0]
            early += [start - arrival for start, (_, arrival) in zip(starts, track.pulls, strict=False)]
            lengths += [arrival - begin for begin, arrival in track.pulls]
            if not (folder / "picture.png").exists() and len(starts) > 1:
                _draw(clip, track, folder / "picture.png", self.puller, self.longer_side_px)
        numbers = [
            mean_of("frames of a pull", lengths, paper="10", unit="frames"),
            mean_of("arrival before the target's frame", early, paper="slightly", unit="frames"),
        ]
        return Made(
            numbers,
            "True targets of ray-traced clips; a pull is shorter where the next target is near.",
        )


@dataclass(frozen=True)
class FoundTargets:
    """Fig. 4B and 8: the targets that an autofocus finds, beside the true ones.

    Attributes:
        title: of the item.
        autofocus: what finds the targets.
        claim: what the paper says of it.
        where: its figure.
        longer_side_px: of the frames that detectors and tracker see.
    """

    title: str
    autofocus: Finder
    claim: str
    where: str
    longer_side_px: int = 640

    @property
    def claims(self) -> list[Claim]:
        """More than half of the true targets are found."""
        return [Claim(self.claim, self.where, "true targets that are found", above=0.5)]

    def make(self, material: Material, folder: Path) -> Made:
        """The share of true targets that are found, the share of found ones that are true, and when."""
        recall: list[float] = []
        precision: list[float] = []
        offsets: list[float] = []
        drawn = 0
        for clip in material.annotated_clips():
            track = autofocus(
                clip.video,
                self.autofocus,
                disparity=clip.disparity,
                longer_side_px=self.longer_side_px,
                device="cpu",
            )
            fps = clip.annotation.video.fps
            matching = match_targets(
                track.targets, clip.targets, tolerance_frames=round(TOLERANCE_S * fps), agree=clip.agree
            )
            hits = len(matching.pairs)
            if hits + len(matching.missed):
                recall.append(hits / (hits + len(matching.missed)))
            if hits + len(matching.spurious):
                precision.append(hits / (hits + len(matching.spurious)))
            offsets += [fmean([abs(each) / fps for each in matching.offsets])] if hits else []
            if hits > drawn:
                _draw(clip, track, folder / "picture.png", FocusPuller(), self.longer_side_px, self.autofocus)
                drawn = hits
        numbers = [
            mean_of("true targets that are found", recall),
            mean_of("found targets that are true", precision),
            mean_of("time between found and true target", offsets, unit="s"),
        ]
        return Made(numbers, "Ray-traced clips with true disparity; the targets at frame 0 do not count.")


def _draw(
    clip: AnnotatedClip,
    track: FocusTrack,
    path: Path,
    puller: FocusPuller,
    longer_side_px: int,
    finder: Finder | None = None,
) -> None:
    settings = {"longer_side_px": longer_side_px, "device": "cpu"}
    thumbnails = []
    if finder is not None:
        with clip.footage(**settings) as footage:
            thumbnails = thumbnails_at(track.targets, footage, finder)
    draw_timeline(
        path,
        track,
        fps=clip.annotation.video.fps,
        thumbnails=thumbnails,
        truth=Truth(clip.targets, clip.true_focus(puller, **settings)),
        title=clip.name,
    )
