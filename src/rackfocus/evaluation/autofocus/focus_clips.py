"""Videos with ground-truth focus targets: each has an annotation in the same folder.

anywhere/clip.mp4                 a video, by the name that the annotation gives
anywhere/annotation.json          its targets; any name that ends in .json
anywhere/disparity/0000.png       true disparity, for ray-traced clips
anywhere/clip.json                positions of the people in each frame, for ray-traced clips
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from rackfocus.focus.annotation.json_file import FORMAT, load_annotation
from rackfocus.focus.decisions import decisions
from rackfocus.focus.puller import FocusPuller
from rackfocus.metrics.focus import level_px
from rackfocus.pipelines.focusing.autofocus import follow, open_footage
from rackfocus.pipelines.focusing.footage import Footage
from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import read_json
from rackfocus.scenes.clips.events import CLIP_FORMAT
from rackfocus.types import FocusAnnotation, FocusTarget, InputError

NEAR_SHARE = 0.05
"""Largest distance of a target from the box of its subject, as a share of the frame's diagonal."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class AnnotatedClip:
    """A video with its ground truth.

    Attributes:
        name: of its folder, or of the video if several are in one folder.
        video: the file.
        annotation: the ground-truth targets.
        disparity: the folder of the true disparity. `None`: unknown.
        people: for each frame, the visible people with their box and disparity; empty if unknown.
    """

    name: str
    video: Path
    annotation: FocusAnnotation
    disparity: Path | None
    people: tuple[Mapping[str, Any], ...] = ()

    @property
    def level_px(self) -> float:
        """One disparity level in pixels of the video."""
        return level_px(max(self.annotation.video.width, self.annotation.video.height))

    @property
    def targets(self) -> tuple[FocusTarget, ...]:
        """The targets in force, in time order."""
        return tuple(decision.target for decision in decisions(self.annotation.targets))

    def footage(self, **settings: Any) -> AbstractContextManager[Footage]:
        """The video as input for autofocus, with its true disparity if it is known; see `open_footage`."""
        return open_footage(self.video, **({"disparity": self.disparity} | settings))

    def subject(self, target: FocusTarget) -> str | None:
        """The person of a target of the annotation. `None`: unknown."""
        if not self.people:
            return None
        inside = {
            name: (box[2] - box[0]) * (box[3] - box[1])
            for name, box in ((name, _box(known)) for name, known in self.people[target.t].items())
            if box == target.box or (target.box is None and _distance(box, target.x, target.y) == 0)
        }
        return min(inside, key=inside.__getitem__) if inside else None

    def agree(self, found: FocusTarget, truth: FocusTarget) -> bool:
        """Whether a found target is on the subject of a true one, or near it.

        The subject's position in the frame of the found target is used if it is known, else that in the frame
        of the true one. An early target may also be at the later position of its subject, because an entering
        person is hardly visible before. If no box is known, all targets agree.
        """
        if truth.box is None:
            return True
        boxes = [truth.box]
        who = self.subject(truth)
        if who is not None and who in self.people[found.t]:
            now = _box(self.people[found.t][who])
            boxes = [now, truth.box] if found.t < truth.t else [now]
        video = self.annotation.video
        near = NEAR_SHARE * float(np.hypot(video.width, video.height))
        return any(_distance(box, found.x, found.y) <= near for box in boxes)

    def true_focus(self, puller: FocusPuller, **settings: Any) -> Float[np.ndarray, " frame"]:
        """The true focus in each frame, in pixels of the video: the same puller with the true targets.

        For ray-traced clips from the true disparity of the target's person; for others from a tracker and the
        network's disparity. Settings are those of `open_footage`.
        """
        subjects = [self.subject(target) for target in self.targets]
        if not subjects or any(who is None for who in subjects):
            with self.footage(**settings) as footage:
                return follow(footage, self.annotation.targets, puller=puller).focal_disparity
        starts = [target.t for target in self.targets]
        current = np.searchsorted(starts, np.arange(len(self.people)), side="right") - 1
        values = [
            people.get(subjects[max(at, 0)], {}).get("focal_disparity", np.nan)
            for people, at in zip(self.people, current, strict=True)
        ]
        return puller(np.array(values, np.float64), starts)


def find_clips(folder: str | Path) -> list[AnnotatedClip]:
    """All annotated videos in a folder and its subfolders, by name.

    Raises:
        InputError: there is no such folder, no annotation in it, or one is invalid or its video is missing.
    """
    folder = Path(folder)
    annotations = [path for path in sorted(folder.rglob("*.json")) if _content(path, FORMAT) is not None]
    if not annotations:
        raise InputError(
            f"{folder} holds no annotated video; write an annotation beside each, as `rackfocus autofocus` "
            "does, or make clips with `rackfocus render-scenes clips=0:12`."
        )
    alone = len({path.parent for path in annotations}) == len(annotations)
    return [_clip(path, name=path.parent.name if alone else path.stem) for path in annotations]


def _clip(path: Path, *, name: str) -> AnnotatedClip:
    annotation = load_annotation(path)
    video, disparity = path.with_name(annotation.video.name), path.with_name("disparity")
    if not video.exists():
        raise InputError(f"{path} is about {video.name}, which does not lie beside it; put it there.")
    return AnnotatedClip(
        name=name,
        video=video,
        annotation=annotation,
        disparity=disparity if disparity.is_dir() else None,
        people=tuple(_people(path.with_name("clip.json"), annotation.video.frames)),
    )


def _people(path: Path, frames: int) -> Iterator[Mapping[str, Any]]:
    content = _content(path, CLIP_FORMAT)
    if content is not None:
        with reading(path, "cannot be read as a clip with focus events; render it again."):
            people = [{**note["people"]} for note in content["frames"]]
        if len(people) != frames:
            raise InputError(f"{path} tells of {len(people)} frames, and the video has {frames}.")
        yield from people


def _content(path: Path, kind: str) -> dict[str, Any] | None:
    """The content of a JSON file of this format; `None` if it is missing or another file."""
    try:
        content = read_json(path)
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and content.get("format") == kind else None


def _box(known: Mapping[str, Any]) -> Box:
    left, top, right, bottom = (float(value) for value in known["box"])
    return left, top, right, bottom


def _distance(box: Box, x: float, y: float) -> float:
    """Distance from a point to a box, in pixels; 0 inside."""
    left, top, right, bottom = box
    return float(np.hypot(max(left - x, 0.0, x - right), max(top - y, 0.0, y - bottom)))
