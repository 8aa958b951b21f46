"""RealBokeh_3MP (Seizinger et al. 2025): f/22 and wider, `{train,validation,test}/{in,gt,metadata}`."""

import math
from pathlib import Path
from typing import Any

from rackfocus.data.apertures.aperture import ApertureScene
from rackfocus.data.apertures.manifest import Item, Photograph, pairs_and_triplets
from rackfocus.data.apertures.photographs import Photographs
from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import read_json
from rackfocus.types import InputError, MissingSplit

SOURCE_F_NUMBER = 22.0


class RealBokeh(Photographs):
    """Pairs and aperture triplets, one scene for each file in `metadata`.

    A scene of one target is a pair. A scene of more gives a triplet for each target except the widest, which
    is `shallow`. `root` contains the splits `train`, `validation` and `test`.

    Raises:
        InputError: the split is missing or empty, metadata are invalid, or one of their photographs is
            missing; on access, a photograph is damaged or of another size.
    """

    def __init__(self, root: str | Path, split: str) -> None:
        items: list[Item] = []
        for scene in realbokeh_scenes(root, split):
            for photograph in (scene.deep, *scene.shots):
                require_photograph(photograph.file)
            items += pairs_and_triplets(*scene)
        super().__init__(items, str(Path(root) / split))


def realbokeh_scenes(root: str | Path, split: str) -> list[ApertureScene]:
    """The scenes of a split as its metadata describe them, in the order of their numbers.

    Whether their photographs are there is not looked at: the inputs of a challenge come without targets.

    Raises:
        InputError: the split is missing or empty, or metadata are invalid.
    """
    metadata = Path(root) / split / "metadata"
    if not metadata.is_dir():
        raise MissingSplit(
            f"{metadata} is no folder; set data.root to the folder of RealBokeh_3MP that holds train, "
            "validation and test."
        )
    files = sorted(metadata.glob("*.json"), key=lambda file: (len(file.stem), file.stem))
    if not files:
        raise InputError(f"{metadata} holds no JSON file; get the data set again.")
    return [_scene(file, metadata.parent) for file in files]


def require_photograph(file: Path) -> None:
    """Check that a photograph which metadata name is there.

    Raises:
        InputError: it is not.
    """
    with reading(file, "is a name that no file can have ({reason}); get the data set again."):
        if not file.is_file():
            raise InputError(f"{file} is missing, which the metadata name; get the data set again.")


def _scene(file: Path, folder: Path) -> ApertureScene:
    with reading(file, "cannot be read as the metadata of a scene; get the data set again."):
        about: dict[str, Any] = read_json(file)
        numbers = [float(number) for number in about["target_avs"]]
        deep = Photograph(folder / about["source_image"], float(about.get("source_av", SOURCE_F_NUMBER)))
        shots = tuple(
            Photograph(folder / name, number)
            for name, number in zip(about["target_images"], numbers, strict=True)
        )
    if not shots or not all(0 < number < math.inf for number in numbers):
        raise InputError(
            f"{file} names no target, or an f-number that is not positive; get the data set again."
        )
    return ApertureScene(file.stem, deep, shots)
