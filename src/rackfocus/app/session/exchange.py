"""Imports annotations of another annotator or program, and compares them."""

import tempfile
from pathlib import Path

from rackfocus.evaluation.autofocus.agreement import agreement
from rackfocus.focus.annotation.csv_table import read_csv
from rackfocus.focus.annotation.json_file import load_annotation
from rackfocus.types import FocusAnnotation, InputError


def annotation_in(data: bytes, name: str, sha256: str) -> FocusAnnotation:
    """The annotation of a video in an imported file: JSON, or CSV as `rackfocus vaf export` writes it.

    Raises:
        InputError: the file holds no annotation, or that of another video.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(name).name or "annotation.json")
        path.write_bytes(data)
        try:
            if path.suffix.lower() == ".csv":
                found = list(read_csv(path).values())
            else:
                found = [load_annotation(path)]
        except InputError as error:
            raise InputError(str(error).replace(f"{folder}/", "")) from error
    for annotation in found:
        if annotation.video.sha256 == sha256:
            return annotation
    raise InputError(f"{name} belongs to another video, {found[0].video.name}.")


def agreement_text(mine: FocusAnnotation, theirs: FocusAnnotation, name: str) -> str:
    """The agreement of two annotations of a video, as text; `name` is that of the other annotation's file."""
    said = agreement(mine, theirs)
    counted = f"{said.matched} changes of focus are in both"
    told = f"{counted}, {said.only_one} only here, {said.only_other} only in {name}."
    if not said.matched:
        return told
    apart = f"{said.timing_frames:.1f} frames (of 30 a second) and {100 * said.apart_share:.1f} %"
    return f"{told} Those in both are {apart} of the frame's diagonal apart."
