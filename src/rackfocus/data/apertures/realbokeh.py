"""RealBokeh_3MP (Seizinger et al. 2025): f/22 and wider, `{train,validation,test}/{in,gt,metadata}`."""

from pathlib import Path
from typing import Any

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
        folder = Path(root) / split
        metadata = folder / "metadata"
        if not metadata.is_dir():
            raise MissingSplit(
                f"{metadata} is no folder; set data.root to the folder of RealBokeh_3MP that holds train, "
                "validation and test."
            )
        files = sorted(metadata.glob("*.json"), key=lambda file: (len(file.stem), file.stem))
        if not files:
            raise InputError(f"{metadata} holds no JSON file; get the data set again.")
        items: list[Item] = []
        for file in files:
            items += _scene(file, folder)
        super().__init__(items, str(folder))


def _scene(file: Path, folder: Path) -> list[Item]:
    with reading(file, "cannot be read as the metadata of a scene; get the data set again."):
        about: dict[str, Any] = read_json(file)
        numbers = [float(number) for number in about["target_avs"]]
        deep = Photograph(folder / about["source_image"], float(about.get("source_av", SOURCE_F_NUMBER)))
        shots = [
            Photograph(folder / name, number)
            for name, number in zip(about["target_images"], numbers, strict=True)
        ]
    if not shots or min(numbers) <= 0:
        raise InputError(
            f"{file} names no target, or an f-number that is not positive; get the data set again."
        )
    with reading(file, "names a file that cannot be there ({reason}); get the data set again."):
        for photograph in (deep, *shots):
            if not photograph.file.is_file():
                raise InputError(f"{photograph.file} is missing, which {file} names; get the data set again.")
    return pairs_and_triplets(file.stem, deep, shots)
