"""BLB (Peng et al. 2022, BokehMe): 10 Blender scenes in exact HDR, 5 blur levels times 10 focal planes.

    <scene>/image.exr              everything sharp
    <scene>/bokeh_<ii>_<jj>.exr    blur level ii = 00..04, focal plane jj = 00..09
    <scene>/depth.exr              distances, in the unit of `focus_distances`
    <scene>/info.json              `blur_parameters`, `K` of each level; `focus_distances`, one of each plane

Other files of a scene, such as JPEG copies of the pictures, are ignored. The disparity of a picture is

    D = K * (1 / focus_distance - 1 / depth)

in pixels, positive behind the focal plane. We had no file of the published set: the keys and the formula are
those of scripts by others who had it.
"""

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from torch.utils.data import Dataset

from rackfocus.data.apertures.sample import FocusSample
from rackfocus.data.hdr_picture import read_distance, read_radiance
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
    """A triplet: two shots, the refocus from the first to the second; `K` and the focus of the first."""

    folder: Path
    shallow: Shot
    adjusted: Shot
    blur_parameter: float
    focus_distance: float
    aperture_ratio: float = 1.0
    focal_disparity: float = 0.0


class BLB(Dataset[FocusSample]):
    """Samples of a folder of scene folders: for each focal plane an aperture triplet (strongest and middle
    blur), and focal triplets of neighbouring planes at the strongest blur.

    `radiance` is the sharp picture, exact and unclipped; `disparity` is exact, too.

    Raises:
        InputError: there is no scene, pictures of a scene are missing, or its `info.json` is not as
            described; on access, a picture is damaged or of another size.
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
        pictures = {file: read_radiance(file) for file in (shallow, adjusted)}
        depth = read_distance(entry.folder / "depth.exr")
        for file, picture in {**pictures, entry.folder / "depth.exr": depth}.items():
            if picture.shape[-2:] != radiance.shape[-2:]:
                raise InputError(f"{file} is not of the size of image.exr beside it; get BLB again.")
        return FocusSample(
            name=f"{entry.folder.name}/{shallow.stem}-{adjusted.stem}",
            deep=linear_to_srgb(radiance.clamp(0, 1)).clamp(0, 1),
            shallow=pictures[shallow].clamp(0, 1),
            adjusted=pictures[adjusted].clamp(0, 1),
            aperture_ratio=entry.aperture_ratio,
            focal_disparity=entry.focal_disparity,
            disparity=entry.blur_parameter * (1 / entry.focus_distance - 1 / depth),
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
    by_strength = sorted(levels, key=lambda level: blur[level])
    strongest, middle = by_strength[-1], by_strength[len(levels) // 2]
    entries = [
        Entry(
            folder,
            Shot(strongest, plane),
            Shot(middle, plane),
            blur[strongest],
            focus[plane],
            aperture_ratio=blur[middle] / blur[strongest],
        )
        for plane in planes
    ]
    entries += [
        Entry(
            folder,
            Shot(strongest, first),
            Shot(strongest, second),
            blur[strongest],
            focus[first],
            # What is in focus at the second plane has this disparity at the first.
            focal_disparity=blur[strongest] * (1 / focus[first] - 1 / focus[second]),
        )
        for first, second in pairwise(planes)
    ]
    return entries


def _parameters(path: Path, levels: int, planes: int) -> tuple[list[float], list[float]]:
    """`K` of each level, and the distance in focus of each plane."""
    if not path.is_file():
        raise InputError(f"{path} is missing; get BLB again.")
    with reading(path, "is not valid JSON; get BLB again."):
        about = read_json(path)
    found = about if isinstance(about, dict) else {}
    return _numbers(found, "blur_parameters", levels, path), _numbers(found, "focus_distances", planes, path)


def _numbers(about: dict[str, object], key: str, count: int, path: Path) -> list[float]:
    values = about.get(key)
    if not isinstance(values, list) or len(values) < count:
        raise InputError(f"{path} must have a list {key!r} of {count} numbers; get BLB again.")
    numbers = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) != len(values) or not all(0 < number < math.inf for number in numbers):
        raise InputError(f"{path} has {key!r} that are not numbers above 0; get BLB again.")
    return numbers
