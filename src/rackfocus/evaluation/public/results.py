"""A folder of results: one picture for each target, by its name, as NTIRE 2026's challenge takes them.

    11_f2.0.png    scene 11 at f/2: the name of the photograph in the metadata
    readme.txt     about the method, for the leaderboard

The challenge on controllable bokeh rendering takes these files in a zip archive, without folders
(`submit_ntire.py` of TimSeizinger/Bokehlicious). Results of EBB! and BLB are read and written alike.
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from rackfocus.types import InputError
from rackfocus.video.stills import STILL_SUFFIXES
from rackfocus.whole_files import whole_file, write_whole

README = "readme.txt"


@dataclass(frozen=True)
class About:
    """What the challenge's leaderboard shows of a method.

    Attributes:
        name: of the method.
        parameters: how many the network has.
        seconds: the mean time of a picture.
        device: on which that was.
    """

    name: str
    parameters: int
    seconds: float
    device: str


def find_results(folder: Path, names: Iterable[str]) -> dict[str, Path]:
    """The pictures of a folder by the names of their targets; what else is there is ignored.

    The suffix may follow that of the target's own file, as in `4400.jpg.png`.

    Raises:
        InputError: the folder or a picture is missing, or there are two pictures of a target.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; set results to a folder of pictures such as 11_f2.0.png.")
    wanted = list(names)
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        name = file.name
        while Path(name).suffix.lower() in STILL_SUFFIXES:
            name = Path(name).stem
        if name == file.name or name.startswith(".") or not file.is_file():
            continue
        if name in found:
            raise InputError(f"{file} and {found[name].name} are of one target; keep one of them.")
        found[name] = file
    missing = [name for name in wanted if name not in found]
    if missing:
        raise InputError(
            f"{folder} lacks {len(missing)} of {len(wanted)} pictures, the first of them {missing[0]}.png; "
            "add them."
        )
    return {name: found[name] for name in wanted}


def write_result(folder: Path, name: str, encoded: Float[Tensor, "3 height width"]) -> None:
    """Write a picture, encoded in 0..1, as PNG of 8 bits, atomically."""
    codes = (encoded.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    with whole_file(folder / f"{name}.png") as draft:
        Image.fromarray(codes).save(draft, "PNG")


def write_readme(folder: Path, about: About) -> None:
    """Write what the leaderboard shows, line by line as the challenge's own script does.

    The network that ships was trained on other data than RealBokeh, which is to be told.
    """
    lines = [
        f"Architecture Name:{about.name}",
        f"Parameters:{about.parameters / 1e6:.2f}M",
        f"Runtime:{about.seconds:.3f}s",
        f"Device:{about.device}",
        "Extra data:Yes",
    ]
    write_whole(folder / README, ("\n".join(lines) + "\n").encode())


def write_archive(folder: Path) -> Path:
    """The results as a zip archive beside their folder, ready to be submitted."""
    archive = folder.with_suffix(".zip")
    with whole_file(archive) as draft:
        made = shutil.make_archive(str(draft), "zip", folder)
        Path(made).replace(draft)
    return archive
