"""Ray-traced scenes with exact disparity and radiance, read from `datasets/raytraced`."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.data.apertures.sample import FocusSample
from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import read_json
from rackfocus.scenes.files import read_depth, read_disparity, read_hdr, read_srgb
from rackfocus.scenes.lens import F2_TO_F8
from rackfocus.types import InputError


@dataclass(frozen=True)
class RaytracedScene:
    """One scene. Images are linear light and not clipped, display white 1, unless said otherwise.

    Attributes:
        name: such as `train/0007`.
        deep_srgb: the clipped 8-bit picture, the network's input, encoded sRGB in 0 .. 1.
        radiance: the same view in linear light, HDR.
        f8: f/8, a quarter of the f/2 aperture, same focus.
        f2: f/2.
        f2_refocused: f/2, focused where disparity is `focal_disparity`.
        depth: metres along the axis of the lens, infinite in the sky.
        disparity: signed blur radius of `f2` in pixels.
        has_lights: whether the scene has small lights far brighter than white.
        focal_disparity: the disparity that is in focus in `f2_refocused`.
    """

    name: str
    deep_srgb: Float[Tensor, "3 height width"]
    radiance: Float[Tensor, "3 height width"]
    f8: Float[Tensor, "3 height width"]
    f2: Float[Tensor, "3 height width"]
    f2_refocused: Float[Tensor, "3 height width"]
    depth: Float[Tensor, "1 height width"]
    disparity: Float[Tensor, "1 height width"]
    has_lights: bool
    focal_disparity: float


def load_scene(folder: Path) -> RaytracedScene:
    """Read one scene folder.

    Raises:
        InputError: a file is missing, unreadable, or of another size than in `scene.json`.
    """
    about = _description(folder)
    size = (int(about["height"]), int(about["width"]))

    def tensor(name: str, pixels: np.ndarray) -> Tensor:
        if pixels.shape[:2] != size:
            raise InputError(
                f"{folder / name} is {pixels.shape[1]}x{pixels.shape[0]} pixels where scene.json says "
                f"{size[1]}x{size[0]}; get the data set again."
            )
        planes = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
        return torch.from_numpy(np.ascontiguousarray(planes))

    def hdr(name: str) -> Tensor:
        return tensor(name, read_hdr(folder / name))

    return RaytracedScene(
        name=f"{folder.parent.name}/{folder.name}",
        deep_srgb=tensor("deep.png", read_srgb(folder / "deep.png")),
        radiance=hdr("deep.exr"),
        f8=hdr("f8.exr"),
        f2=hdr("f2.exr"),
        f2_refocused=hdr("f2_refocused.exr"),
        depth=tensor("depth.exr", read_depth(folder / "depth.exr")),
        disparity=tensor("disparity.png", read_disparity(folder / "disparity.png")),
        has_lights=bool(about["lights"]),
        focal_disparity=float(about["focal_disparity"]),
    )


def scene_folders(root: str | Path, split: str) -> list[Path]:
    """The folders of the scenes of a split (`train`, `validation`, `test`) of `datasets/raytraced`, in order.

    Raises:
        InputError: there is no such folder, or no scene in it.
    """
    folder = Path(root) / split
    if not folder.is_dir():
        raise InputError(
            f"{folder} is no folder; set data.root to datasets/raytraced and the split to "
            "train, validation or test, or make scenes with `rackfocus render-scenes`."
        )
    folders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not folders:
        raise InputError(f"{folder} holds no scene; make some with `rackfocus render-scenes`.")
    return folders


def _description(folder: Path) -> dict[str, Any]:
    """The contents of `scene.json`, checked for the required fields."""
    path = folder / "scene.json"
    if not path.is_file():
        raise InputError(f"{path} is missing; name a scene folder such as datasets/raytraced/train/0000.")
    with reading(path, "cannot be read as a scene description; get the data set again."):
        about: dict[str, Any] = read_json(path)
        whole = all(int(about[key]) > 0 for key in ("width", "height")) and isinstance(about["lights"], bool)
        whole = whole and math.isfinite(float(about["focal_disparity"]))
    if not whole:
        raise InputError(
            f"{path} holds a size, lights or focal_disparity of no sense; get the data set again."
        )
    return about


class RaytracedScenes(Dataset[FocusSample]):
    """Two samples for each scene of a split of `datasets/raytraced`: its aperture triplet, then its focal
    one.

    The aperture triplet is f/2 and f/8 (`aperture_ratio` 1/4, `focal_disparity` 0), the focal triplet f/2 and
    f/2 focused elsewhere (`aperture_ratio` 1). Both have the exact disparity and the deep HDR radiance.
    `split` is `train`, `validation` or `test`.

    Raises:
        InputError: there is no such folder, or no scene in it; on access, a file is missing or damaged.
    """

    def __init__(self, root: str | Path, split: str) -> None:
        self.folders = scene_folders(root, split)

    def __len__(self) -> int:
        return 2 * len(self.folders)

    def __getitem__(self, index: int) -> FocusSample:
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        number, is_focal = divmod(index % len(self), 2)
        scene = load_scene(self.folders[number])
        return FocusSample(
            name=f"{scene.name}/{'focal' if is_focal else 'aperture'}",
            deep=scene.deep_srgb,
            shallow=scene.f2.clamp(0, 1),
            adjusted=(scene.f2_refocused if is_focal else scene.f8).clamp(0, 1),
            aperture_ratio=1.0 if is_focal else F2_TO_F8,
            focal_disparity=scene.focal_disparity if is_focal else 0.0,
            disparity=scene.disparity,
            radiance=scene.radiance,
        )
