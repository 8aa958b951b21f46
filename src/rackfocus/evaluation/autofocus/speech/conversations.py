"""Autofocus of recorded conversations of which it is known, in sure parts, who speaks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rackfocus.device import AUTO
from rackfocus.evaluation.autofocus.focus_table import Progress, Row
from rackfocus.evaluation.autofocus.speech.flat_disparity import flat_disparity
from rackfocus.evaluation.autofocus.speech.speaker_scores import Turn, pull_scores, share_on_speaker
from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.pipelines.focusing.autofocus import autofocus
from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import read_json
from rackfocus.types import FocusTrack, InputError
from rackfocus.video import open_video

SUFFIX = ".speakers.json"

NEAR = 0.1
"""Largest distance of a point in focus from the middle of a face, in diagonals of the picture."""


@dataclass(frozen=True)
class Speech:
    """Somebody speaks in a recorded conversation.

    Attributes:
        name: of the speaker.
        x, y: the middle of the face, in pixels of the video.
        start_s, end_s: from the first frame.
        overlap: whether others speak, too.
    """

    name: str
    x: float
    y: float
    start_s: float
    end_s: float
    overlap: bool


@dataclass(frozen=True)
class Conversations:
    """A row for each video of a folder beside which lies `NAME.speakers.json`.

    Attributes:
        folder: of the videos, `NAME.mp4`.
        autofocus: the method.
        longer_side_px: of the frames for detectors and tracker.
        device: on which networks run, by its name.
        puller: moves focus between targets.
    """

    folder: str
    autofocus: SceneSpecific
    longer_side_px: int = 640
    device: str = AUTO
    puller: FocusPuller = field(default_factory=FocusPuller)

    def rows(self, folder: Path, progress: Progress) -> Iterator[Row]:  # noqa: ARG002
        """The videos in the order of their names; no pictures."""
        paths = sorted(Path(self.folder).glob(f"*{SUFFIX}"))
        if not paths:
            raise InputError(f"{self.folder} must hold videos with NAME{SUFFIX} beside NAME.mp4.")
        for done, path in enumerate(paths):
            speeches = read_speeches(path)
            video = path.with_name(path.name.removesuffix(SUFFIX) + ".mp4")
            with open_video(video) as opened:
                info = opened.info
            track = autofocus(
                video,
                self.autofocus,
                disparity=flat_disparity,
                longer_side_px=self.longer_side_px,
                device=self.device,
                puller=self.puller,
            )
            near_px = NEAR * float(np.hypot(info.width, info.height))
            yield {
                "video": video.stem,
                **conversation_scores(track, speeches, near_px=near_px, fps=float(info.fps)),
            }
            progress(done + 1, len(paths))

    def summary(self, rows: Sequence[Row]) -> list[Row]:  # noqa: ARG002
        """Empty: these videos have too little in common for a mean."""
        return []


def read_speeches(path: str | Path) -> list[Speech]:
    """Who speaks when, from a file whose `turns` have `speaker`, `x`, `y`, `start_s`, `end_s` and, where
    others speak too, `overlap`; in time order.

    Raises:
        InputError: the file is damaged or not of this form.
    """
    path = Path(path)
    with reading(path, "does not tell who speaks; make it anew."):
        turns: list[dict[str, Any]] = read_json(path)["turns"]
        found = [
            Speech(
                str(each["speaker"]),
                x=float(each["x"]),
                y=float(each["y"]),
                start_s=float(each["start_s"]),
                end_s=float(each["end_s"]),
                overlap=bool(each.get("overlap", False)),
            )
            for each in turns
        ]
        if not found or any(each.start_s >= each.end_s for each in found):
            raise ValueError("nobody speaks, or speech ends before it begins")
    return sorted(found, key=lambda each: each.start_s)


def conversation_scores(track: FocusTrack, speeches: Sequence[Speech], *, near_px: float, fps: float) -> Row:
    """Scores of the autofocus of a recorded conversation.

    Args:
        track: the resulting focus track.
        speeches: the truth, in time order.
        near_px: largest distance of a point in focus from the middle of a face.
        fps: frames a second.

    Returns:
        `sure s`: how long it is known who speaks; `speaker`: the share of these frames in which focus is on a
        speaker; `alone`: of those in which one speaks alone; `one face`: what the best single face would
        have; `pulls` and `most in 1 s`: see `pull_scores`.
    """
    names = sorted({each.name for each in speeches})
    faces = {
        names.index(name): np.median([(each.x, each.y) for each in speeches if each.name == name], axis=0)
        for name in names
    }

    def seat_of(x: float, y: float) -> int | None:
        distance, seat = min((float(np.hypot(*(face - (x, y)))), seat) for seat, face in faces.items())
        return seat if distance <= near_px else None

    turns = [_turn(each, names, fps) for each in speeches]
    alone = [turn for turn, each in zip(turns, speeches, strict=True) if not each.overlap]
    focused = [seat_of(float(x), float(y)) for x, y in track.points]
    return {
        "sure s": len({frame for turn in turns for frame in range(turn.first, turn.end)}) / fps,
        "speaker": share_on_speaker(focused, turns),
        "alone": share_on_speaker(focused, alone),
        "one face": max(share_on_speaker([seat] * len(focused), turns) for seat in faces),
        **pull_scores(track, fps),
    }


def _turn(speech: Speech, names: Sequence[str], fps: float) -> Turn:
    return Turn(names.index(speech.name), *(int(np.ceil(at * fps)) for at in (speech.start_s, speech.end_s)))
