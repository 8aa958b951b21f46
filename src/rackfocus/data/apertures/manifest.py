"""The manifest: a JSON file that lists pairs and triplets of photographs, with their alignment and gains.

Photographs are not copied or resampled:

    {"format": "rackfocus.aperture", "version": 1, "root": "photographs",
     "items": [{"name": "0001/f1.8-f8", "split": "train",
                "deep":  {"file": "0001_f16.jpg", "f_number": 16.0},
                "shots": [{"file": "0001_f1.8.jpg", "f_number": 1.8, "gain": 2.7,
                           "warp": [[1, 0, 0.2], [0, 1, 0]]},
                          {"file": "0001_f8.jpg", "f_number": 8.0, "gain": 1.2}]}],
     "rejected": [{"file": "0002_f1.8.jpg", "reason": "..."}]}

`root` is relative to the manifest, files are relative to `root`. One shot makes a pair, two make a triplet,
whose first shot is `shallow` and whose second is `adjusted`. Defaults: `f_number` unknown, `gain` 1, no
`warp`, `focal_disparity` 0, `split` train.
"""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import read_json
from rackfocus.types import InputError
from rackfocus.whole_files import write_whole

FORMAT, VERSION = "rackfocus.aperture", 1
SPLITS = ("train", "validation", "test")

Matrix = tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True)
class Photograph:
    """One photograph of a pair or triplet.

    Attributes:
        file: its path.
        f_number: of its aperture. `None`: unknown, or a composite.
        focal_disparity: the disparity in the item's first shot, in pixels of the deep picture, of what is
            in focus here; 0 where both have the same focus.
        gain: how many times brighter it is than the deep picture, in linear light.
        warp: from positions in the deep picture to positions in this one, pixels, centres at integers.
            `None`: they are aligned.
    """

    file: Path
    f_number: float | None = None
    focal_disparity: float = 0.0
    gain: float = 1.0
    warp: Matrix | None = None


@dataclass(frozen=True)
class Item:
    """A pair (one shot) or a triplet (two), of a name that is unique in its data set: the deep-DOF
    photograph, and the shallow-DOF ones `shallow` and `adjusted`. `split` is `train`, `validation` or `test`.
    """

    name: str
    deep: Photograph
    shots: tuple[Photograph, ...]
    split: str = "train"

    @property
    def aperture_ratio(self) -> float:
        """The aperture of the second shot over that of the first; 1 for a pair."""
        first, second = self.shots[0].f_number, self.shots[-1].f_number
        return 1.0 if first is None or second is None else first / second


@dataclass(frozen=True)
class Rejection:
    """A photograph that was left out, and the reason: a clause that follows "because"."""

    file: Path
    reason: str


@dataclass(frozen=True)
class Manifest:
    """The contents of a manifest, with resolved paths."""

    items: tuple[Item, ...]
    rejected: tuple[Rejection, ...] = ()


def read_manifest(path: str | Path) -> Manifest:
    """Read a manifest. Photographs are not opened, but each must exist.

    Raises:
        InputError: the file is missing or no manifest of this version, an entry is invalid, or a photograph
            is missing.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path} is missing; name a manifest, such as `rackfocus prepare` writes.")
    with reading(path, "is no manifest: it is not valid JSON; prepare the data anew."):
        about = read_json(path)
        kind, version = about.get("format"), about.get("version")
    if (kind, version) != (FORMAT, VERSION):
        raise InputError(
            f"{path} says format {kind!r} version {version!r} where {FORMAT!r} version {VERSION} is needed; "
            "prepare the data anew."
        )
    with reading(path, "has an entry of no sense ({reason}); prepare the data anew."):
        root = path.parent / about.get("root", ".")
        items = tuple(_item(entry, root) for entry in about["items"])
        rejected = tuple(
            Rejection(root / entry["file"], entry["reason"]) for entry in about.get("rejected", ())
        )
    names = [item.name for item in items]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError(f"{path} names {twice!r} twice; give every item a name of its own.")
    with reading(path, "names a file that cannot be there ({reason}); prepare the data anew."):
        for item in items:
            for photograph in (item.deep, *item.shots):
                if not photograph.file.is_file():
                    raise InputError(
                        f"{photograph.file} is missing, which {path} names in {item.name!r}; "
                        "put it back or prepare the data anew."
                    )
    return Manifest(items, rejected)


def write_manifest(path: Path, manifest: Manifest, *, root: Path) -> None:
    """Write a manifest of photographs in the folder `root` atomically; its folder is created if missing."""
    about = {
        "format": FORMAT,
        "version": VERSION,
        "root": _relative(root, path.parent),
        "items": [
            {
                "name": item.name,
                "split": item.split,
                "deep": _entry(item.deep, root),
                "shots": [_entry(shot, root) for shot in item.shots],
            }
            for item in manifest.items
        ],
        "rejected": [
            {"file": _relative(entry.file, root), "reason": entry.reason} for entry in manifest.rejected
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, (json.dumps(about, indent=2) + "\n").encode())


def pairs_and_triplets(
    name: str, deep: Photograph, shots: Sequence[Photograph], *, split: str = "train"
) -> list[Item]:
    """All triplets of several apertures of one focus: the widest aperture with each of the others; or a pair.

    `name` is that of the scene, `deep` has the narrowest aperture, and the f-numbers of `shots`, of which
    there may be none, are known.
    """
    ordered = sorted(shots, key=lambda shot: shot.f_number or math.inf)
    if not ordered:
        return []
    widest, others = ordered[0], ordered[1:]
    if not others:
        return [Item(f"{name}/f{widest.f_number:g}", deep, (widest,), split)]
    return [
        Item(f"{name}/f{widest.f_number:g}-f{other.f_number:g}", deep, (widest, other), split)
        for other in others
    ]


def _item(entry: dict[str, Any], root: Path) -> Item:
    name, split = entry["name"], entry.get("split", "train")
    shots = tuple(_photograph(shot, root) for shot in entry["shots"])
    if not isinstance(name, str) or split not in SPLITS:
        raise ValueError(f"the name or the split of {name!r}")
    if not 1 <= len(shots) <= 2:
        raise ValueError(f"{name!r} has {len(shots)} shots, not one or two")
    if len({shot.f_number is None for shot in shots}) > 1:
        raise ValueError(f"the f-number of one of two shots of {name!r}")
    return Item(name, _photograph(entry["deep"], root), shots, split)


def _photograph(entry: dict[str, Any], root: Path) -> Photograph:
    f_number, warp = entry.get("f_number"), entry.get("warp")
    gain, focal_disparity = float(entry.get("gain", 1.0)), float(entry.get("focal_disparity", 0.0))
    if f_number is not None and not 0 < float(f_number) < math.inf:
        raise ValueError(f"f_number {f_number}")
    if not 0 < gain < math.inf or not math.isfinite(focal_disparity):
        raise ValueError(f"gain {gain} or focal_disparity {focal_disparity}")
    return Photograph(
        file=root / entry["file"],
        f_number=None if f_number is None else float(f_number),
        focal_disparity=focal_disparity,
        gain=gain,
        warp=None if warp is None else as_matrix(warp),
    )


def as_matrix(rows: Sequence[Sequence[float]]) -> Matrix:
    """A 2x3 matrix from its JSON form.

    Raises:
        ValueError: the shape is wrong, or the matrix is not finite or not invertible.
    """
    (a, b, c), (d, e, f) = ((float(value) for value in row) for row in rows)
    if not all(math.isfinite(value) for value in (a, b, c, d, e, f)) or abs(a * e - b * d) < 1e-6:
        raise ValueError(f"warp {rows}")
    return (a, b, c), (d, e, f)


def _entry(photograph: Photograph, root: Path) -> dict[str, Any]:
    entry: dict[str, Any] = {"file": _relative(photograph.file, root), "f_number": photograph.f_number}
    if photograph.focal_disparity:
        entry["focal_disparity"] = round(photograph.focal_disparity, 3)
    if photograph.gain != 1.0:
        entry["gain"] = round(photograph.gain, 5)
    if photograph.warp is not None:
        entry["warp"] = [[round(value, 7) for value in row] for row in photograph.warp]
    return entry


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()
