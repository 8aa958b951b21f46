"""Annotations of many videos as one CSV table, one row for each target, for spreadsheets and statistics.

    file,video,sha256,width,height,frames,fps,t,time_s,x,y,box,source,until,why,annotator,pull_frames,...

`file` is the JSON file of the target; a video without a target has one row with an empty `t`.
`box` is left, top, right and bottom separated by blanks. Conversion is lossless in both directions; `time_s`
is for readers only and is ignored on input. Older tables, without the column `why`, are read.
"""

import csv
import dataclasses
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from rackfocus.focus.annotation.json_file import FORMAT, load_annotation
from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import read_json
from rackfocus.reading.tables import read_rows
from rackfocus.types import AnnotatedVideo, FocusAnnotation, FocusPulls, FocusTarget, InputError
from rackfocus.whole_files import whole_file

COLUMNS = (
    "file", "video", "sha256", "width", "height", "frames", "fps",
    "t", "time_s", "x", "y", "box", "source", "until", "why", "annotator",
    "pull_frames", "early_frames", "easing", "aperture",
)  # fmt: skip

Annotations = dict[str, FocusAnnotation]
"""Annotations by the path of their file in the folder."""


def annotations_in(folder: str | Path) -> Annotations:
    """All annotations in a folder and its subfolders; other JSON files are ignored.

    Raises:
        InputError: there is none, or one is invalid.
    """
    folder = Path(folder)
    found = {
        path.relative_to(folder).as_posix(): load_annotation(path)
        for path in sorted(folder.rglob("*.json"))
        if _may_be_annotation(path)
    }
    if not found:
        raise InputError(f"{folder} holds no annotation; make some with `rackfocus annotate {folder}`.")
    return found


def write_csv(annotations: Mapping[str, FocusAnnotation], path: Path, *, annotator: str = "") -> None:
    """Write the table atomically; `annotator` is the name of the person."""
    with whole_file(path) as draft, draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for name, annotation in annotations.items():
            writer.writerows(_rows(name, annotation, annotator))


def read_csv(path: Path, *, annotator: str | None = None) -> Annotations:
    """Read the table.

    Args:
        path: of the CSV file.
        annotator: whose rows to read. `None`: all, if each file has a single annotator.

    Raises:
        InputError: the file is missing or has other columns, a row is invalid, or a file has two annotators.
    """
    with reading(path, "cannot be read as a table ({reason}); export it again."):
        rows = read_rows(path, [each for each in COLUMNS if each != "why"])
    files: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for line, row in enumerate(rows, start=2):
        if annotator is None or row["annotator"] == annotator:
            files.setdefault(row["file"], []).append((line, row))
    if not files:
        raise InputError(f"{path} holds no row of {annotator}." if annotator else f"{path} holds no row.")
    return {name: _annotation(path, name, rows) for name, rows in files.items()}


def _may_be_annotation(path: Path) -> bool:
    try:
        content = read_json(path)
    except (OSError, ValueError):
        return True  # damaged: reading it will report the error
    return isinstance(content, dict) and content.get("format") == FORMAT


def _rows(name: str, annotation: FocusAnnotation, annotator: str) -> list[dict[str, Any]]:
    video, pulls = annotation.video, annotation.pulls
    common = {"file": name, "video": video.name, "annotator": annotator, "aperture": annotation.aperture}
    common |= {each: getattr(video, each) for each in ("sha256", "width", "height", "frames", "fps")}
    common |= {"pull_frames": pulls.duration_frames} | dataclasses.asdict(pulls)
    del common["duration_frames"]
    return [
        common
        | {each: getattr(target, each) for each in ("t", "x", "y", "source", "until", "why")}
        | {"time_s": f"{target.t / video.fps:.3f}", "box": " ".join(map(repr, target.box or ()))}
        for target in annotation.targets
    ] or [common]


def _annotation(path: Path, name: str, rows: list[tuple[int, dict[str, str]]]) -> FocusAnnotation:
    line, first = rows[0]
    if not name or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise InputError(f"{path}, line {line}: file must be a path in the data set, and is {name!r}.")
    own = ("t", "time_s", "x", "y", "box", "source", "until", "why")
    for line, row in rows:
        if row["annotator"] != first["annotator"]:
            raise InputError(
                f"{path} holds {name} of {first['annotator']!r} and of {row['annotator']!r}; choose one of "
                "them with annotator=NAME."
            )
        if any(row[each] != first[each] for each in COLUMNS if each not in own):
            raise InputError(f"{path}, line {line}: {name} is not as in line {rows[0][0]}; make it one.")
    targets = []
    for line, row in rows:
        try:
            if row["t"]:
                targets.append(_target(row))
        except (ValueError, TypeError) as error:  # InputError is a ValueError
            raise _wrong(path, line, error) from error
    try:
        return FocusAnnotation(
            video=AnnotatedVideo(
                first["video"],
                first["sha256"],
                int(first["width"]),
                int(first["height"]),
                int(first["frames"]),
                float(first["fps"]),
            ),
            targets=tuple(targets),
            pulls=FocusPulls(int(first["pull_frames"]), int(first["early_frames"]), first["easing"]),
            aperture=float(first["aperture"]) if first["aperture"] else None,
        )
    except (ValueError, TypeError) as error:
        raise _wrong(path, rows[0][0], error) from error


def _wrong(path: Path, line: int, error: Exception) -> InputError:
    return InputError(f"{path}, line {line}: {str(error).rstrip('.')}.")


def _target(row: dict[str, str]) -> FocusTarget:
    box = tuple(float(value) for value in row["box"].split())
    if len(box) not in (0, 4):
        raise InputError(f"box must be left, top, right and bottom, and is {row['box']!r}.")
    return FocusTarget(
        int(row["t"]),
        float(row["x"]),
        float(row["y"]),
        (box[0], box[1], box[2], box[3]) if box else None,
        row["source"],
        int(row["until"]) if row["until"] else None,
        row.get("why", ""),
    )
