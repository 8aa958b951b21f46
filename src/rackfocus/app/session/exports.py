"""Exports the annotation, the focus track and its targets as files for other programs."""

import csv
import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from rackfocus.app.session.track import Track
from rackfocus.focus.annotation.csv_table import write_csv
from rackfocus.focus.annotation.json_file import save_annotation
from rackfocus.focus.annotation.keyframes import keyframes_json
from rackfocus.types import FocusAnnotation, FocusKeyframe, FocusKeyframes, InputError

BOX = ("left", "top", "right", "bottom")
_COLOURS = {"user": "GREEN", "conversation": "CYAN", "action": "ORANGE", "af-net": "MAGENTA"}


@dataclass(frozen=True)
class Export:
    """An exported file: its name, the media type of its content, and its content."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, eq=False)
class Exported:
    """The data for exports: `name` is the path of the video relative to its folder, `f_numbers` those to
    render its frames with, `annotator` the author of the annotation.
    """

    name: str
    annotation: FocusAnnotation
    f_numbers: Float[np.ndarray, " frame"]
    track: Track
    times_s: Float[np.ndarray, " frame"]
    annotator: str = ""


def export(kind: str, what: Exported) -> Export:
    """Make an export of one of the kinds in `EXPORTS`.

    Raises:
        InputError: there is no such kind, the track is incomplete, or a package is missing.
    """
    if kind not in _KINDS:
        raise InputError(f"There is no export {kind!r}; choose one of {', '.join(_KINDS)}.")
    suffix, media_type, make = _KINDS[kind]
    stem = Path(what.annotation.video.name).stem
    return Export(f"{stem}{suffix}", media_type, make(what).encode())


def _annotation(what: Exported) -> str:
    return _written(lambda path: save_annotation(path, what.annotation))


def _targets(what: Exported) -> str:
    """The targets as CSV, in the format of `rackfocus vaf export`."""
    return _written(lambda path: write_csv({what.name: what.annotation}, path, annotator=what.annotator))


def _track(what: Exported) -> str:
    """The track as keyframes, one per frame, for `rackfocus refocus focus.track=`."""
    focal = _complete(what).held
    return keyframes_json(
        FocusKeyframes(
            tuple(
                FocusKeyframe(index, round(float(value), 4), float(f_number))
                for index, (value, f_number) in enumerate(zip(focal, what.f_numbers, strict=True))
            )
        )
    )


def _frames(what: Exported) -> str:
    track, lines = _complete(what), io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(("frame", "time_s", "x", "y", *BOX, "focal_disparity", "confidence"))
    for index, time_s in enumerate(what.times_s):
        values = (*track.points[index], *track.boxes[index], track.held[index], track.confidence[index])
        writer.writerow((index, f"{time_s:.4f}", *(f"{value:.3f}" for value in values)))
    return lines.getvalue()


def _otio(what: Exported) -> str:
    """An OpenTimelineIO time line with the video, and a marker at each active target."""
    try:
        from opentimelineio import adapters, opentime, schema
    except ImportError as error:
        raise InputError(
            "OpenTimelineIO is missing; install it with pip install 'rackfocus[app]'."
        ) from error
    video, track = what.annotation.video, what.track

    def range_of(start: int, length: int) -> opentime.TimeRange:
        return opentime.TimeRange(
            opentime.RationalTime(start, video.fps), opentime.RationalTime(length, video.fps)
        )

    clip = schema.Clip(
        video.name, schema.ExternalReference(video.name, range_of(0, video.frames)), range_of(0, video.frames)
    )
    for target in what.annotation.targets:
        if (target.t, target.source) not in track.counting:
            continue
        told = {"x": target.x, "y": target.y, "box": list(target.box or ()), "source": target.source,
                "why": target.why, "f_number": float(what.f_numbers[target.t])}  # fmt: skip
        if np.isfinite(track.held[target.t]):
            told["focal_disparity"] = float(track.held[target.t])
        colour = getattr(schema.MarkerColor, _COLOURS.get(target.source, "WHITE"))
        name = f"focus ({target.x:.0f}, {target.y:.0f})"
        clip.markers.append(schema.Marker(name, range_of(target.t, 1), colour, {"rackfocus": told}))
    line = schema.Timeline(Path(video.name).stem)
    line.tracks.append(schema.Track("focus", [clip], kind=schema.TrackKind.Video))
    return str(adapters.write_to_string(line, "otio_json"))


def _written(write: Callable[[Path], None]) -> str:
    """The text that `write` writes to a temporary file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export"
        write(path)
        return path.read_text(encoding="utf-8")


def _complete(what: Exported) -> Track:
    if not what.track.complete:
        raise InputError("Subjects are still being followed; export the track when that is through.")
    return what.track


_KINDS: dict[str, tuple[str, str, Callable[[Exported], str]]] = {
    "annotation": (".focus.json", "application/json", _annotation),
    "targets": (".targets.csv", "text/csv", _targets),
    "track": (".track.json", "application/json", _track),
    "frames": (".track.csv", "text/csv", _frames),
    "otio": (".otio", "application/json", _otio),
}
EXPORTS = tuple(_KINDS)
