"""EBB! (Ignatov et al. 2020): pairs of f/16 and f/1.8, as `Training/{original,bokeh}/N.jpg`."""

from pathlib import Path

from rackfocus.data.apertures.aperture import split_scenes
from rackfocus.data.apertures.manifest import Item, Photograph
from rackfocus.data.apertures.photographs import Photographs
from rackfocus.types import InputError

DEEP_F_NUMBER, SHALLOW_F_NUMBER = 16.0, 1.8


class EBB(Photographs):
    """The pairs of EBB!'s training set; for the other sets no f/1.8 photographs were published.

    Args:
        root: the folder that holds `Training`.
        split: `train`, `validation` (the last tenth by number) or `all`.

    Raises:
        InputError: a folder is missing or empty, or a picture has no counterpart; on access, a photograph is
            damaged or the two differ in size.
    """

    def __init__(self, root: str | Path, split: str) -> None:
        folders = [Path(root) / "Training" / name for name in ("original", "bokeh")]
        for folder in folders:
            if not folder.is_dir():
                raise InputError(
                    f"{folder} is no folder; set data.root to the folder of EBB! that holds Training."
                )
        deep, shallow = ({int(p.stem): p for p in f.glob("*.jpg") if p.stem.isdigit()} for f in folders)
        if not deep:
            raise InputError(f"{folders[0]} holds no picture such as 0.jpg; unpack EBB! again.")
        if alone := sorted(deep.keys() ^ shallow.keys()):
            number = alone[0]
            missing = folders[number in deep] / (deep.get(number) or shallow[number]).name
            raise InputError(f"{missing} is missing while its partner is there; unpack EBB! again.")
        numbers = split_scenes(sorted(deep), split, root)
        items = [
            Item(
                str(number),
                Photograph(deep[number], DEEP_F_NUMBER),
                (Photograph(shallow[number], SHALLOW_F_NUMBER),),
            )
            for number in numbers
        ]
        super().__init__(items, str(root))
