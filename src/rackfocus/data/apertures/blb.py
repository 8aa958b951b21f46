"""BLB (Peng et al. 2022, BokehMe): 10 Blender scenes in exact HDR, 5 blur levels times 10 focal planes.

    <scene>/image.exr              everything sharp
    <scene>/bokeh_<ii>_<jj>.exr    blur level ii = 00..04, focal plane jj = 00..09
    <scene>/depth.exr              distances, in the unit of `focus_distances`
    <scene>/info.json              `blur_parameters`, `K` of each level; `focus_distances`, one of each plane

Other files of a scene, such as JPEG copies of the pictures, are ignored. The disparity of a picture is

    D = K * (1 / focus_distance - 1 / depth)

in pixels, positive behind the focal plane: the keys and the formula are what its author tells (issue 4 of the
repository JuewenPeng/BokehMe). We had no file of the published set.
"""

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.data.apertures.sample import FocusSample
from rackfocus.data.hdr_picture import read_distance, read_radiance
from rackfocus.optics.radiometry import linear_to_srgb
from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import read_json
from rackfocus.reading.pictures import picture_size
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
class BLBScene:
    """What a scene consists of: its blur levels and focal planes, `K` of each level, the distance in focus of
    each plane.
    """

    folder: Path
    levels: list[int]
    planes: list[int]
    blur: list[float]
    focus: list[float]

    @property
    def shots(self) -> list[Shot]:
        """Its shallow pictures, level by level."""
        return [Shot(level, plane) for level in self.levels for plane in self.planes]

    def radiance(self) -> Float[Tensor, "3 height width"]:
        """The sharp picture in linear light, exact and unclipped."""
        return read_radiance(self.folder / "image.exr")

    def picture(self, shot: Shot) -> Float[Tensor, "3 height width"]:
        """A shallow picture in linear light.

        Raises:
            InputError: it is damaged, or not of the size of the sharp picture.
        """
        return self._of_one_size(shot.file(self.folder), read_radiance(shot.file(self.folder)))

    def disparity(self, shot: Shot) -> Float[Tensor, "1 height width"]:
        """The exact disparity of a shallow picture in pixels.

        Raises:
            InputError: `depth.exr` is damaged, or not of the size of the sharp picture.
        """
        path = self.folder / "depth.exr"
        depth = self._of_one_size(path, read_distance(path))
        return self.blur[shot.level] * (1 / self.focus[shot.plane] - 1 / depth)

    def _of_one_size(self, file: Path, picture: Tensor) -> Tensor:
        if tuple(picture.shape[-2:]) != picture_size(self.folder / "image.exr"):
            raise InputError(f"{file} is not of the size of image.exr beside it; get BLB again.")
        return picture


def blb_scenes(root: str | Path) -> list[BLBScene]:
    """The scenes in a folder of scene folders, in the order of their names.

    Raises:
        InputError: there is no scene, pictures of a scene are missing, or its `info.json` is not as
            described.
    """
    root = Path(root)
    if not root.is_dir():
        raise InputError(f"{root} is no folder; set data.root to the folder of BLB's scenes.")
    folders = sorted(path.parent for path in root.glob("*/image.exr"))
    if not folders:
        raise InputError(f"{root} holds no scene (a folder with image.exr); get BLB again.")
    return [_scene(folder) for folder in folders]


@dataclass(frozen=True)
class Entry:
    """A triplet: two shots of a scene, and the refocus from the first to the second."""

    scene: BLBScene
    shallow: Shot
    adjusted: Shot
    aperture_ratio: float = 1.0
    focal_disparity: float = 0.0


class BLB(Dataset[FocusSample]):
    """Samples of a folder of scene folders: for each focal plane an aperture triplet (strongest and middle
    blur), and focal triplets of neighbouring planes at the strongest blur.

    `radiance` is the sharp picture, exact and unclipped; `disparity` is exact, too.

    Raises:
        InputError: as from `blb_scenes`; on access, a picture is damaged or of another size.
    """

    def __init__(self, root: str | Path) -> None:
        self.entries = [entry for scene in blb_scenes(root) for entry in _entries(scene)]

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> FocusSample:
        entry = self.entries[index]
        radiance = entry.scene.radiance()
        names = (entry.shallow.file(entry.scene.folder).stem, entry.adjusted.file(entry.scene.folder).stem)
        return FocusSample(
            name=f"{entry.scene.folder.name}/{'-'.join(names)}",
            deep=linear_to_srgb(radiance.clamp(0, 1)).clamp(0, 1),
            shallow=entry.scene.picture(entry.shallow).clamp(0, 1),
            adjusted=entry.scene.picture(entry.adjusted).clamp(0, 1),
            aperture_ratio=entry.aperture_ratio,
            focal_disparity=entry.focal_disparity,
            disparity=entry.scene.disparity(entry.shallow),
            radiance=radiance,
        )


def _scene(folder: Path) -> BLBScene:
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
    return BLBScene(folder, levels, planes, blur, focus)


def _entries(scene: BLBScene) -> list[Entry]:
    blur, focus = scene.blur, scene.focus
    by_strength = sorted(scene.levels, key=lambda level: blur[level])
    strongest, middle = by_strength[-1], by_strength[len(by_strength) // 2]
    ratio = blur[middle] / blur[strongest]
    entries = [
        Entry(scene, Shot(strongest, plane), Shot(middle, plane), aperture_ratio=ratio)
        for plane in scene.planes
    ]
    entries += [
        Entry(
            scene,
            Shot(strongest, first),
            Shot(strongest, second),
            # What is in focus at the second plane has this disparity at the first.
            focal_disparity=blur[strongest] * (1 / focus[first] - 1 / focus[second]),
        )
        for first, second in pairwise(scene.planes)
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
