"""A folder of your own photographs named `<scene>_f<number>.<ext>`: pairs and triplets."""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from rackfocus.data.apertures.manifest import Item, Photograph, pairs_and_triplets
from rackfocus.data.apertures.photographs import Photographs
from rackfocus.types import InputError
from rackfocus.video.stills import STILL_SUFFIXES

Scene = TypeVar("Scene")

_NAME = re.compile(r"(?P<scene>.+)_f(?P<number>\d+(?:\.\d+)?)", re.IGNORECASE)


class ApertureScene(NamedTuple):
    """The photographs of one scene, same focus, several apertures."""

    name: str
    deep: Photograph
    shots: tuple[Photograph, ...]


def aperture_scenes(folder: str | Path) -> list[ApertureScene]:
    """The scenes of a folder, by name. The largest f-number is the deep picture; other files are ignored.

    Raises:
        InputError: the folder is missing, has no scene of two apertures, or an aperture of a scene occurs
            twice.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(
            f"{folder} is no folder; name one of photographs such as 0001_f1.8.jpg, 0001_f16.jpg."
        )
    scenes: dict[str, dict[float, Path]] = defaultdict(dict)
    for file in sorted(folder.iterdir()):
        found = _NAME.fullmatch(file.stem)
        if found is None or file.suffix.lower() not in STILL_SUFFIXES or file.name.startswith("."):
            continue
        apertures, number = scenes[found["scene"]], float(found["number"])
        if number == 0:
            raise InputError(f"{file} has the f-number 0; name it by its true f-number.")
        if number in apertures:
            raise InputError(f"{file} and {apertures[number].name} are the same aperture; keep one of them.")
        apertures[number] = file
    whole = {name: apertures for name, apertures in scenes.items() if len(apertures) > 1}
    if not whole:
        raise InputError(
            f"{folder} holds no scene of two apertures; its photographs must be named such as "
            "0001_f1.8.jpg and 0001_f16.jpg."
        )
    return [
        ApertureScene(name, photographs[-1], tuple(photographs[:-1]))
        for name, apertures in whole.items()
        for photographs in [[Photograph(apertures[number], number) for number in sorted(apertures)]]
    ]


def split_scenes(scenes: Sequence[Scene], split: str, where: str | Path) -> list[Scene]:
    """A split of data published without one: the last tenth of the scenes, at least one, is for validation.

    The last scenes are taken together because neighbours were often photographed at the same place.

    Raises:
        InputError: the split is unknown, or there is only one scene.
    """
    kept = len(scenes) - max(1, len(scenes) // 10)
    if split == "all":
        return list(scenes)
    if split not in ("train", "validation"):
        raise InputError(f"{where} has no split {split!r}; choose train, validation or all.")
    if kept == 0:
        raise InputError(
            f"{where} holds one scene only, which cannot be split; use all of it for both, by "
            "data.train.split=all data.validation.split=all."
        )
    return list(scenes[:kept] if split == "train" else scenes[kept:])


class ApertureFolder(Photographs):
    """Pairs and aperture triplets of a folder of photographs that are aligned and equally exposed.

    A scene of two apertures is a pair. A scene of more gives a triplet for each aperture between the widest
    and the deepest: the widest is `shallow`, the other `adjusted`. Handheld photographs and photographs with
    automatic exposure have to be prepared by `rackfocus prepare` first.

    Args:
        root: the folder.
        split: `train`, `validation` (the last tenth of the scenes) or `all`.

    Raises:
        InputError: as from `aperture_scenes` and `split_scenes`; on access, a photograph is damaged or of
            another size.
    """

    def __init__(self, root: str | Path, split: str) -> None:
        items: list[Item] = []
        for scene in split_scenes(aperture_scenes(root), split, root):
            items += pairs_and_triplets(*scene)
        super().__init__(items, str(root))
