"""BLB (Peng et al. 2022, BokehMe): 10 Blender scenes in exact HDR, 5 blur levels times 10 focal planes.

    <scene>/image.exr              everything sharp
    <scene>/bokeh_<ii>_<jj>.exr    blur level ii = 00..04, focal plane jj = 00..09
    <scene>/depth.exr              not read: how its values relate to blur is not documented
    <scene>/info.json

The contents of `info.json` could not be checked against the files when this was written. Scripts of others
read `blur_parameters` from it, the paper's `K` of each level: the radius of the blur in pixels is
`K * |disparity - disparity in focus|`, with disparities in 0..1, larger is nearer. For the focal planes, any
list is used whose name contains "focus" and which has one number for each plane. Without the first list there
are only pairs; without the second there are no focal triplets.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from torch.utils.data import Dataset

from rackfocus.data.apertures.sample import FocusSample
from rackfocus.data.hdr_picture import read_radiance
from rackfocus.optics.radiometry import linear_to_srgb
from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import read_json
from rackfocus.types import InputError

_NAME = re.compile(r"bokeh_(\d+)_(\d+)\.exr")


@dataclass(frozen=True)
class Shot:
    """One shallow picture of a scene: its blur level and its focal plane."""

    level: int
    plane: int

    def file(self, folder: Path) -> Path:
        """Its path."""
        return folder / f"bokeh_{self.level:02d}_{self.plane:02d}.exr"


@dataclass(frozen=True)
class Entry:
    """A pair (the same shot twice) or a triplet, and the refocus from its first shot to its second."""

    folder: Path
    shallow: Shot
    adjusted: Shot
    aperture_ratio: float = 1.0
    focal_disparity: float = 0.0


class BLB(Dataset[FocusSample]):
    """Samples of a folder of scene folders: for each focal plane an aperture triplet (strongest and middle
    blur), and focal triplets of neighbouring planes at the strongest blur.

    `radiance` is the sharp picture, exact and unclipped.

    Raises:
        InputError: there is no scene, or pictures of a scene are missing; on access, a picture is damaged or
            of another size.
    """

    def __init__(self, root: str | Path) -> None:
        root = Path(root)
        if not root.is_dir():
            raise InputError(f"{root} is no folder; set data.root to the folder of BLB's scenes.")
        folders = sorted(path.parent for path in root.glob("*/image.exr"))
        if not folders:
            raise InputError(f"{root} holds no scene (a folder with image.exr); get BLB again.")
        self.entries = [entry for folder in folders for entry in _entries(folder)]

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> FocusSample:
        entry = self.entries[index]
        radiance = read_radiance(entry.folder / "image.exr")
        shallow, adjusted = (shot.file(entry.folder) for shot in (entry.shallow, entry.adjusted))
        pictures = {file: read_radiance(file) for file in {shallow, adjusted}}
        for file, picture in pictures.items():
            if picture.shape != radiance.shape:
                raise InputError(f"{file} is not of the size of image.exr beside it; get BLB again.")
        return FocusSample(
            name=f"{entry.folder.name}/{shallow.stem}-{adjusted.stem}",
            deep=linear_to_srgb(radiance.clamp(0, 1)).clamp(0, 1),
            shallow=pictures[shallow].clamp(0, 1),
            adjusted=pictures[adjusted].clamp(0, 1),
            aperture_ratio=entry.aperture_ratio,
            focal_disparity=entry.focal_disparity,
            radiance=radiance,
        )


def _entries(folder: Path) -> list[Entry]:
    found = [_NAME.fullmatch(path.name) for path in folder.glob("bokeh_*.exr")]
    shots = {Shot(int(match[1]), int(match[2])) for match in found if match}
    if not shots:
        raise InputError(f"{folder} holds no picture such as bokeh_00_00.exr; get BLB again.")
    levels, planes = sorted({s.level for s in shots}), sorted({s.plane for s in shots})
    for level in levels:
        for plane in planes:
            if Shot(level, plane) not in shots:
                raise InputError(f"{Shot(level, plane).file(folder)} is missing; get BLB again.")
    blur, focus = _parameters(folder / "info.json", max(levels) + 1, max(planes) + 1)
    if blur is None:
        return [Entry(folder, Shot(levels[-1], plane), Shot(levels[-1], plane)) for plane in planes]
    strongest = max(levels, key=lambda level: blur[level])
    middle = sorted(levels, key=lambda level: blur[level])[len(levels) // 2]
    ratio = blur[middle] / blur[strongest]
    entries = [Entry(folder, Shot(strongest, plane), Shot(middle, plane), ratio) for plane in planes]
    if focus is not None:
        # What is in focus at the second plane has D = K * (first focus - second focus) at the first.
        entries += [
            Entry(
                folder,
                Shot(strongest, first),
                Shot(strongest, second),
                focal_disparity=blur[strongest] * (focus[first] - focus[second]),
            )
            for first, second in pairwise(planes)
        ]
    return entries


def _parameters(path: Path, levels: int, planes: int) -> tuple[list[float] | None, list[float] | None]:
    """`K` of each level and the disparity in focus of each plane; each is `None` if the file lacks it."""
    if not path.is_file():
        raise InputError(f"{path} is missing; get BLB again.")
    with reading(path, "is not valid JSON; get BLB again."):
        about = read_json(path)
        lists = {key.lower(): value for key, value in about.items() if isinstance(value, list)}
    blur = _numbers(lists.get("blur_parameters"), levels)
    if blur is not None and min(blur) <= 0:
        blur = None
    about_focus = [
        _numbers(value, planes) for key, value in lists.items() if "focus" in key or "focal" in key
    ]
    known = [numbers for numbers in about_focus if numbers is not None]
    # With two such lists it is unclear which one is meant.
    return blur, known[0] if len(known) == 1 else None


def _numbers(values: object, count: int) -> list[float] | None:
    if not isinstance(values, list) or len(values) != count:
        return None
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        return None
    return [float(value) for value in values]
