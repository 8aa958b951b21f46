"""Reads and writes the annotation of a video as a JSON file, and identifies the video.

    {"format": "rackfocus.focus", "version": 2,
     "video": {"name", "sha256", "width", "height", "frames", "fps"},
     "targets": [{"t", "x", "y", "box", "source", "until", "why"}],
     "pulls": {"duration_frames", "early_frames", "easing"}, "aperture": 2.8 or null}

`box` (left, top, right, bottom), `source` (`user`), `until`, `why`, `targets`, `pulls` and `aperture` are
optional; `annotation.schema.json` is the full definition. Older versions are read; the newest one is written.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from functools import cache, partial
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import read_json
from rackfocus.types import AnnotatedVideo, FocusAnnotation, FocusPulls, FocusTarget, InputError
from rackfocus.video import open_video
from rackfocus.whole_files import write_whole

Value = TypeVar("Value")

FORMAT = "rackfocus.focus"
VERSION = 2

_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "integer": (int, "a whole number"),
    "number": ((int, float), "a number"),
    "string": (str, "a text"),
    "object": (dict, "an object"),
    "array": (list, "a list"),
}


@cache
def annotation_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of an annotation."""
    path = resources.files("rackfocus.focus.annotation").joinpath("annotation.schema.json")
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


def load_annotation(path: str | Path) -> FocusAnnotation:
    """Read an annotation.

    Raises:
        InputError: the file is missing, no annotation, of a newer version, or a field is missing, unknown or
            invalid; the message names the file and the field.
    """
    path = Path(path)
    with reading(path, "cannot be read as JSON ({reason}); restore or annotate again."):
        try:
            content = read_json(path)
        except FileNotFoundError as error:
            raise InputError(f"{path} does not exist; give the path of an annotation.") from error
    try:
        return _annotation(content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def save_annotation(path: str | Path, annotation: FocusAnnotation) -> None:
    """Write an annotation atomically; an existing file is replaced.

    Raises:
        InputError: the file cannot be written.
    """
    path = Path(path)
    try:
        write_whole(path, annotation_json(annotation).encode(), shared=True)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}); choose another place.") from error


def annotation_json(annotation: FocusAnnotation) -> str:
    """The content of an annotation's file."""
    head = {"format": FORMAT, "version": VERSION}
    return json.dumps(head | asdict(annotation), indent=2, ensure_ascii=False) + "\n"


def annotated_video(path: str | Path, *, frames: int | None = None) -> AnnotatedVideo:
    """The identity of a video file, as stored in an annotation.

    Args:
        path: of the file.
        frames: number of frames. `None`: they are counted, for which some videos are decoded completely.

    Raises:
        InputError: it is no readable video.
    """
    path = Path(path)
    with open_video(path) as reader:
        info = reader.info
        frames = frames or info.frames or sum(1 for _ in reader.frames())
    with path.open("rb") as data:
        digest = hashlib.file_digest(data, "sha256").hexdigest()
    return AnnotatedVideo(path.name, digest, info.width, info.height, frames, float(info.fps))


def _annotation(content: Any) -> FocusAnnotation:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f'format must be "{FORMAT}"; this is no annotation.')
    content = _migrated(content)
    _check(content, annotation_schema(), "")
    return FocusAnnotation(
        video=_made("video.", lambda: AnnotatedVideo(**content["video"])),
        targets=tuple(
            _made(f"targets[{number}].", partial(_target, target))
            for number, target in enumerate(content.get("targets", []))
        ),
        pulls=_made("pulls.", lambda: FocusPulls(**content.get("pulls", {}))),
        aperture=content.get("aperture"),
    )


def _migrated(content: dict[str, Any]) -> dict[str, Any]:
    """The content converted to the newest version."""
    version = content.get("version", VERSION)
    if not _is(version, int):
        raise InputError(f"version must be a whole number, and is {version!r}.")
    if version > VERSION:
        raise InputError(f"version is {version}, newer than {VERSION}; update rackfocus.")
    if version < 1:
        raise InputError(f"version must be 1 to {VERSION}, and is {version}.")
    for lift in _LIFTS[version - 1 :]:
        content = lift(content)
    return content


def _from_1_to_2(content: dict[str, Any]) -> dict[str, Any]:
    """In version 1 pulls were linear, and arrived at the frame of their target."""
    pulls = content.get("pulls", {})
    if isinstance(pulls, dict):
        pulls = {"early_frames": 0, "easing": "linear"} | pulls
    return content | {"version": 2, "pulls": pulls}


_LIFTS: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = (_from_1_to_2,)
"""Conversions from each version to the next."""


def _target(content: dict[str, Any]) -> FocusTarget:
    box = content.get("box")
    if box is not None:
        if len(box) != 4:
            raise InputError(f"box must be four numbers: left, top, right and bottom, and is {box}.")
        box = tuple(float(value) for value in box)
    return FocusTarget(
        content["t"],
        float(content["x"]),
        float(content["y"]),
        box,
        content.get("source", "user"),
        content.get("until"),
        content.get("why", ""),
    )


def _made(where: str, make: Callable[[], Value]) -> Value:
    """Make a value; error messages name its field."""
    try:
        return make()
    except InputError as error:
        raise InputError(f"{where}{error}") from error


def _check(content: Any, schema: dict[str, Any], where: str) -> None:
    """Check for unknown and missing fields and for their types; `_made` checks their values."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if content is None and "null" in kinds:
        return
    kind, words = _KINDS[kinds[0]]
    if not _is(content, kind):
        raise InputError(f"{where} must be {words}, and is {content!r}.")
    if isinstance(content, list):
        for number, item in enumerate(content):
            _check(item, schema["items"], f"{where}[{number}]")
    if isinstance(content, dict):
        within = f"{where}." if where else ""
        for name in schema.get("required", ()):
            if name not in content:
                raise InputError(f"{within}{name} is missing.")
        for name, value in content.items():
            if name not in schema["properties"]:
                raise InputError(f"{within}{name} is not known; remove it, or check its spelling.")
            _check(value, schema["properties"][name], f"{within}{name}")


def _is(value: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
