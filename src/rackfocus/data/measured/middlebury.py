"""Middlebury stereo: pictures with measured disparity, in the layouts of 2003 to 2014 and repacked ones."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.data.evaluation_files import existing_folder, folders_below, read_codes, read_mask
from rackfocus.data.evaluation_samples import DisparitySample, require_size
from rackfocus.reading.arrays import read_npz
from rackfocus.reading.damage import reading
from rackfocus.reading.limits import require_pixels
from rackfocus.types import InputError
from rackfocus.video.stills import read_picture

VIEWS_2005 = {"view1.png": "disp1.png", "view5.png": "disp5.png"}
"""The pictures with measured disparity of a scene of 2005 or 2006: left and right."""


class Middlebury(Dataset[DisparitySample]):
    """The pictures of all scenes in a folder and their disparity in stereo pixels, larger when nearer.

    Each scene gives its left picture; those of 2005 and 2006 also the right one.

    A scene is a folder of one of these forms; a folder of the last form may contain several scenes:

    - 2014: `im0.png`, `disp0.pfm`: pixels, infinite where unknown;
    - 2005, 2006: `view1.png`, `disp1.png` and `view5.png`, `disp5.png`: 8-bit, pixels times `scale_2005`, 0
      where unknown;
    - 2003: `im2.png`, `disp2.png`: 8-bit, pixels times `scale_2003`, 0 where unknown;
    - `<name>_left.png` with `<name>_disp.npz` (`arr_0`: as in 2014), or with `<name>_gt.png` (8-bit, integer
      pixels, 0 where unknown) and optionally `<name>_mask.png` (black where occluded: not valid).

    Args:
        root: a scene's folder, or a folder that contains scenes at any depth.
        scale_2003: divisor of the codes of `disp2.png`: 4 at the commonly used quarter size, 2 at half size,
            1 at full size.
        scale_2005: divisor of the codes of `disp1.png` and `disp5.png`: 3 at third size, 2 at half size, 1 at
            full size.

    Raises:
        InputError: there is no such folder, or no scene in it; on access, a file is missing, damaged or of
            another size than the picture.
    """

    def __init__(self, root: str | Path, *, scale_2003: float = 4.0, scale_2005: float = 3.0) -> None:
        for name, scale in (("scale_2003", scale_2003), ("scale_2005", scale_2005)):
            if not scale > 0:
                raise InputError(f"{name} must be above 0, such as 4 or 3, and is {scale}.")
        self.root = existing_folder(root)
        self.scale_2003 = float(scale_2003)
        self.scale_2005 = float(scale_2005)
        self.pictures: list[Path] = []
        for folder in folders_below(self.root):
            names = {"im0.png": "disp0.pfm", "im2.png": "disp2.png", **VIEWS_2005}
            for picture, disparity in names.items():
                if (folder / picture).exists() or (folder / disparity).exists():
                    self.pictures.append(folder / picture)
            self.pictures += sorted(folder.glob("*_left.png"))
        if not self.pictures:
            raise InputError(
                f"{self.root} holds no Middlebury scene, such as im0.png with disp0.pfm; set data.root to a "
                "folder of scenes."
            )

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> DisparitySample:
        path = self.pictures[index]
        image = read_picture(path)
        if path.name == "im0.png":
            truth = path.with_name("disp0.pfm")
            disparity = read_pfm(truth)
        elif path.name == "im2.png":
            truth = path.with_name("disp2.png")
            disparity = read_codes(truth, 8) / self.scale_2003
        elif path.name in VIEWS_2005:
            truth = path.with_name(VIEWS_2005[path.name])
            disparity = read_codes(truth, 8) / self.scale_2005
        else:
            truth, disparity = self._repacked(path)
        require_size(truth, disparity, image, path)
        valid = torch.isfinite(disparity) & (disparity > 0)
        mask_path = path.with_name(path.name.replace("_left.png", "_mask.png"))
        if mask_path != path and mask_path.exists():
            mask = read_mask(mask_path)
            require_size(mask_path, mask, image, path)
            valid &= mask
        folder = path.parent.resolve().name
        single = path.name in ("im0.png", "im2.png")
        return DisparitySample(
            name=folder if single else f"{folder}/{path.stem.removesuffix('_left')}",
            image=image,
            disparity=torch.where(valid, disparity, 0.0),
            valid=valid,
            unit="stereo px",
        )

    def _repacked(self, path: Path) -> tuple[Path, Float[Tensor, "1 height width"]]:
        name = path.name.removesuffix("_left.png")
        codes = path.with_name(f"{name}_gt.png")
        if codes.exists():
            return codes, read_codes(codes, 8).float()
        truth = path.with_name(f"{name}_disp.npz")
        return truth, _read_npz(truth)


def read_pfm(path: Path) -> Float[Tensor, "1 height width"]:
    """Read a grey portable float map, of either byte order. Rows are stored from the bottom and are reversed.

    Raises:
        InputError: the file is missing, is no grey PFM, or its length does not match its size.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing; get the data set again.")
    # Three lines: `Pf`, `width height`, `scale` (negative: little-endian); then the pixels, which may hold
    # any byte.
    magic, size, scale, body = [*path.read_bytes().split(b"\n", 3), b"", b"", b""][:4]
    try:
        width, height = (int(number) for number in size.split())
        order = float(scale)
        if magic.strip() != b"Pf" or width < 1 or height < 1 or order == 0:
            raise ValueError("not a grey PFM")
    except ValueError as error:
        raise InputError(f"{path} has no header of a grey PFM (Pf); get the data set again.") from error
    require_pixels(path, width, height)
    if len(body) != 4 * width * height:
        raise InputError(
            f"{path} holds {len(body)} bytes of pixels where {width}x{height} need {4 * width * height}; "
            "get the data set again."
        )
    pixels = np.frombuffer(body, dtype="<f4" if order < 0 else ">f4").reshape(height, width)
    return torch.from_numpy(pixels[::-1].astype(np.float32, order="C", copy=True))[None]


def _read_npz(path: Path) -> Float[Tensor, "1 height width"]:
    if not path.is_file():
        raise InputError(f"{path} is missing; get the data set again.")
    with reading(path, "cannot be read as disparities (arr_0: height x width); get the data set again."):
        return torch.from_numpy(read_npz(path, "arr_0").astype(np.float32))[None]
