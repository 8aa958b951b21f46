"""The annotation of a video as a JSON file that people can read, and the identity of that video.

    {"format": "rackfocus.focus", "version": 1,
     "video": {"name", "sha256", "width", "height", "frames", "fps"},
     "targets": [{"t", "x", "y", "box", "source"}], "pulls": {"duration_frames"}, "aperture": 2.8 or null}

`box` (left, top, right, bottom), `source` (`user`), `targets`, `pulls` and `aperture` may be left out.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from rackfocus.types import AnnotatedVideo, FocusAnnotation, FocusPulls, FocusTarget, InputError
from rackfocus.video import open_video

Value = TypeVar("Value")

FORMAT = "rackfocus.focus"
VERSION = 1

_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "whole": (int, "a whole number"),
    "number": ((int, float), "a number"),
    "text": (str, "a text"),
    "object": (dict, "an object"),
    "list": (list, "a list"),
}
_VIDEO = {"name": "text", "sha256": "text", "width": "whole", "height": "whole", "frames": "whole",
          "fps": "number"}  # fmt: skip
_TARGET = {"t": "whole", "x": "number", "y": "number", "box": "list", "source": "text"}
_TOP = {"format": "text", "version": "whole", "video": "object", "targets": "list", "pulls": "object",
        "aperture": "number"}  # fmt: skip


def load_annotation(path: str | Path) -> FocusAnnotation:
    """Read an annotation.

    Raises:
        InputError: the file is missing, no annotation, of a newer version, or a field is missing, unknown or
            of no sense; the message names the file and the field.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; give the path of an annotation.") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON; restore or annotate again.") from error
    try:
        return _annotation(content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def save_annotation(path: str | Path, annotation: FocusAnnotation) -> None:
    """Write an annotation: whole or not at all; an existing file is replaced.

    Raises:
        InputError: the file cannot be written.
    """
    path = Path(path)
    head = {"format": FORMAT, "version": VERSION}
    text = json.dumps(head | asdict(annotation), indent=2, ensure_ascii=False) + "\n"
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written ({error.strerror}); choose another place.") from error


def annotated_video(path: str | Path) -> AnnotatedVideo:
    """What an annotation says of the video in a file.

    Raises:
        InputError: it is no video that can be read.
    """
    path = Path(path)
    with open_video(path) as reader:
        info = reader.info
        frames = info.frames or sum(1 for _ in reader.frames())
    with path.open("rb") as data:
        digest = hashlib.file_digest(data, "sha256").hexdigest()
    return AnnotatedVideo(path.name, digest, info.width, info.height, frames, float(info.fps))


def _annotation(content: Any) -> FocusAnnotation:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f'format must be "{FORMAT}"; this is no annotation.')
    if isinstance(content.get("version"), int) and content["version"] > VERSION:
        raise InputError(f"version is {content['version']}, newer than {VERSION}; update rackfocus.")
    _check(content, _TOP, "", needed=("version", "video"))
    if content["version"] != VERSION:
        raise InputError(f"version must be {VERSION}, and is {content['version']}.")
    _check(content["video"], _VIDEO, "video.", needed=tuple(_VIDEO))
    targets = content.get("targets", [])
    for number, target in enumerate(targets):
        _check(target, _TARGET, f"targets[{number}].", needed=("t", "x", "y"))
    pulls = content.get("pulls", {})
    _check(pulls, {"duration_frames": "whole"}, "pulls.", needed=())
    return FocusAnnotation(
        video=_made("video.", lambda: AnnotatedVideo(**content["video"])),
        targets=tuple(
            _made(f"targets[{number}].", partial(_target, target)) for number, target in enumerate(targets)
        ),
        pulls=_made("pulls.", lambda: FocusPulls(**pulls)),
        aperture=content.get("aperture"),
    )


def _target(content: dict[str, Any]) -> FocusTarget:
    box = content.get("box")
    if box is not None:
        if len(box) != 4 or not all(_is(value, (int, float)) for value in box):
            raise InputError(f"box must be four numbers: left, top, right and bottom, and is {box}.")
        box = tuple(float(value) for value in box)
    return FocusTarget(
        content["t"], float(content["x"]), float(content["y"]), box, content.get("source", "user")
    )


def _made(where: str, make: Callable[[], Value]) -> Value:
    """A value whose complaints name the field that it is made from."""
    try:
        return make()
    except InputError as error:
        raise InputError(f"{where}{error}") from error


def _check(content: Any, fields: dict[str, str], where: str, *, needed: tuple[str, ...]) -> None:
    """Every field is known and of its kind, and the needed ones are there."""
    if not isinstance(content, dict):
        raise InputError(f"{where.rstrip('.')} must be an object, and is {content!r}.")
    for name in needed:
        if name not in content:
            raise InputError(f"{where}{name} is missing.")
    for name, value in content.items():
        if name not in fields:
            raise InputError(f"{where}{name} is not known; remove it, or check its spelling.")
        if value is None and name in ("box", "aperture"):
            continue
        kind, words = _KINDS[fields[name]]
        if not _is(value, kind):
            raise InputError(f"{where}{name} must be {words}, and is {value!r}.")


def _is(value: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
