"""EBB! (Ignatov et al. 2020): pairs of f/16 and f/1.8.

Two layouts are read:

    as published                           as unpacked for Bokehlicious
    Training/original/0.jpg                train/in/0.jpg, also validation/in, test/in
    Training/bokeh/0.jpg                   train/gt/0.jpg, also validation/gt, test/gt
"""

from pathlib import Path

from rackfocus.data.apertures.aperture import split_scenes
from rackfocus.data.apertures.manifest import Item, Photograph
from rackfocus.data.apertures.photographs import Photographs
from rackfocus.types import InputError, MissingSplit

DEEP_F_NUMBER, SHALLOW_F_NUMBER = 16.0, 1.8
SPLITS = ("train", "validation", "test")


class EBB(Photographs):
    """The pairs of a split.

    Args:
        root: the folder that holds `Training`, or the folders of the splits.
        split: `train`, `validation`, `test`, or `all` of them. Of the published layout, which has pictures of
            both apertures for training only, `validation` is the last tenth by number.

    Raises:
        InputError: a folder is missing or empty, the layout has nothing of this split (`MissingSplit`), or a
            picture has no counterpart; on access, a photograph is damaged or the two differ in size.
    """

    def __init__(self, root: str | Path, split: str) -> None:
        root = Path(root)
        if (root / "Training").is_dir():
            if split == "test":
                raise MissingSplit(
                    f"{root} has no split 'test': EBB! was published with pairs for training only."
                )
            folder = root / "Training"
            pairs = split_scenes(_pairs(folder / "original", folder / "bokeh"), split, root)
        else:
            names = SPLITS if split == "all" else (split,)
            folders = [root / name for name in names if (root / name / "in").is_dir()]
            pairs = [pair for folder in folders for pair in _pairs(folder / "in", folder / "gt")]
            if not folders:
                raise MissingSplit(
                    f"{root} holds no Training/original and no {names[0]}/in; set data.root to the folder of "
                    "EBB! that holds Training, or train, validation and test."
                )
        super().__init__(pairs, str(root))


def _pairs(originals: Path, blurred: Path) -> list[Item]:
    """The pairs of two folders with the same file names, in order."""
    for folder in (originals, blurred):
        if not folder.is_dir():
            raise InputError(f"{folder} is no folder; unpack EBB! again.")
    deep, shallow = ({p.stem: p for p in sorted(f.glob("*.jpg"))} for f in (originals, blurred))
    if not deep:
        raise InputError(f"{originals} holds no picture such as 0.jpg; unpack EBB! again.")
    in_order = sorted(deep.keys() | shallow.keys(), key=lambda name: (len(name), name))
    for name in in_order:
        if name not in deep or name not in shallow:
            folder = blurred if name in deep else originals
            raise InputError(f"{folder / name}.jpg is missing while its partner is there; unpack EBB! again.")
    return [
        Item(name, Photograph(deep[name], DEEP_F_NUMBER), (Photograph(shallow[name], SHALLOW_F_NUMBER),))
        for name in in_order
    ]
