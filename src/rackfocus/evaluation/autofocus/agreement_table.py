"""Table of the agreement of two annotators of the same videos, by video."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rackfocus.evaluation.autofocus.agreement import Curve, agreement
from rackfocus.evaluation.autofocus.focus_clips import AnnotatedClip
from rackfocus.evaluation.autofocus.focus_table import Progress, Row, mean
from rackfocus.focus.puller import FocusPuller
from rackfocus.types import FocusAnnotation, InputError

COUNTS = ("matched", "only A", "only B")


def agreement_rows(
    one: Mapping[str, FocusAnnotation],
    other: Mapping[str, FocusAnnotation],
    *,
    videos: str | Path | None = None,
    tolerance_s: float = 2.0,
    progress: Progress | None = None,
) -> list[Row]:
    """A row for each video annotated by both, identified by its content.

    Args:
        one: annotations of the first, by name.
        other: of the second.
        videos: a folder with the videos, in which both are followed for |Δd|. `None`: |Δd| is left out.
        tolerance_s: the largest distance in time of matched targets.
        progress: called with the numbers of videos done and in all.

    Raises:
        InputError: no video is annotated by both, or one is missing in the folder.
    """
    theirs = {annotation.video.sha256: annotation for annotation in other.values()}
    pairs = {
        name: (mine, theirs[mine.video.sha256]) for name, mine in one.items() if mine.video.sha256 in theirs
    }
    if not pairs:
        raise InputError("No video is annotated by both; the two folders are about different videos.")
    rows: list[Row] = []
    for name, (first, second) in pairs.items():
        curves = None if videos is None else _curves(Path(videos), first, second)
        found = agreement(first, second, tolerance_s=tolerance_s, focal_disparity=curves)
        rows.append(
            {
                "video": name,
                "|Δd|": found.focal_levels,
                "|Δxy|": found.apart_share,
                "|Δt|": found.timing_frames,
                "matched": found.matched,
                "only A": found.only_one,
                "only B": found.only_other,
            }
        )
        if progress is not None:
            progress(len(rows), len(pairs))
    return rows


def mean_row(rows: Sequence[Row]) -> Row:
    """Means of the distances and sums of the targets over videos."""
    means = {column: mean(rows, column) for column in ("|Δd|", "|Δxy|", "|Δt|")}
    sums = {column: sum(int(row[column]) for row in rows) for column in COUNTS}
    return {"video": f"mean of {len(rows)}", **means, **sums}


def _curves(folder: Path, *annotations: FocusAnnotation) -> tuple[Curve, Curve]:
    name = annotations[0].video.name
    path = next((path for path in sorted(folder.rglob(name)) if path.is_file()), None)
    if path is None:
        raise InputError(f"{folder} does not hold {name}; give the folder of the annotated videos.")
    disparity = path.with_name("disparity")
    first, second = (
        AnnotatedClip(name, path, annotation, disparity if disparity.is_dir() else None).true_focus(
            FocusPuller()
        )
        for annotation in annotations
    )
    return first, second
