"""Pairs and triplets of photographs as samples: aligned, equally exposed, cropped to their common part."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.data.alignment import warp_picture
from rackfocus.data.apertures.manifest import Item, Photograph, read_manifest
from rackfocus.data.apertures.sample import FocusSample
from rackfocus.optics.radiometry import linear_to_srgb, srgb_to_linear
from rackfocus.types import InputError
from rackfocus.video.stills import read_picture


def load_item(item: Item) -> FocusSample:
    """Load one pair or triplet.

    Shots are warped in linear light. All pictures are brought to the exposure of the brightest one and clip
    at white as it does; darkening it instead would turn its clipped pixels grey.

    Raises:
        InputError: a photograph is missing, damaged, or not of the deep picture's size though not warped.
    """
    deep = read_picture(item.deep.file)
    shots, seen = zip(*(_aligned(shot, item.deep, deep) for shot in item.shots), strict=True)
    rows, columns = common_rectangle(np.logical_and.reduce(seen), item)
    brightest = max(1.0, *(shot.gain for shot in item.shots))
    exposed = [
        (image * (brightest / shot.gain)).clamp(0, 1)[:, rows, columns].contiguous()
        for image, shot in zip(shots, item.shots, strict=True)
    ]
    if brightest > 1.0:
        deep = linear_to_srgb((srgb_to_linear(deep) * brightest).clamp(0, 1)).clamp(0, 1)
    return FocusSample(
        name=item.name,
        deep=deep[:, rows, columns].contiguous(),
        shallow=exposed[0],
        adjusted=exposed[-1],
        aperture_ratio=item.aperture_ratio,
        focal_disparity=item.shots[-1].focal_disparity if len(item.shots) > 1 else 0.0,
    )


def common_rectangle(seen: Bool[np.ndarray, "height width"], item: Item) -> tuple[slice, slice]:
    """A rectangle that is visible in all pictures, by repeatedly cropping the side where most is missing.

    Raises:
        InputError: less than a quarter of the picture is left.
    """
    top, left, (bottom, right) = 0, 0, seen.shape
    while top < bottom and left < right and not seen[top:bottom, left:right].all():
        box = ~seen[top:bottom, left:right]
        edges = [box[0].mean(), box[-1].mean(), box[:, 0].mean(), box[:, -1].mean()]
        worst = int(np.argmax(edges))
        if edges[worst] == 0:
            break  # A hole inside; warps do not make holes.
        top, bottom = top + (worst == 0), bottom - (worst == 1)
        left, right = left + (worst == 2), right - (worst == 3)
    if (bottom - top) * (right - left) < seen.size / 4:
        raise InputError(
            f"The warps of {item.name!r} leave less than a quarter of {item.deep.file}; prepare it anew."
        )
    return slice(top, bottom), slice(left, right)


class Photographs(Dataset[FocusSample]):
    """Samples of a list of pairs and triplets, read on access; `where` is their source, for the error
    message.

    Raises:
        InputError: there is no item; on access, a photograph is missing, damaged or of another size.
    """

    def __init__(self, items: Sequence[Item], where: str) -> None:
        if not items:
            raise InputError(f"{where} holds no pair and no triplet; name another folder, file or split.")
        self.items = list(items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> FocusSample:
        return load_item(self.items[index])


class ManifestPhotographs(Photographs):
    """The pairs and triplets of a split (`train`, `validation` or `test`) of a manifest, a JSON file.

    Raises:
        InputError: as from `read_manifest`; or the split is empty.
    """

    def __init__(self, root: str | Path, split: str) -> None:
        items = [item for item in read_manifest(root).items if item.split == split]
        super().__init__(items, f"The split {split!r} of {root}")


def _aligned(
    shot: Photograph, deep: Photograph, deep_picture: Float[Tensor, "3 height width"]
) -> tuple[Tensor, np.ndarray]:
    """The shot in linear light, warped to the deep picture, and a mask of the pixels inside the shot."""
    size = tuple(deep_picture.shape[-2:])
    linear = srgb_to_linear(read_picture(shot.file))
    if shot.warp is None:
        if tuple(linear.shape[-2:]) != size:
            raise InputError(
                f"{shot.file} is {linear.shape[-1]}x{linear.shape[-2]} pixels where {deep.file} is "
                f"{size[1]}x{size[0]}; align them with `rackfocus prepare` or leave them out."
            )
        return linear, np.ones(size, bool)
    pixels = np.ascontiguousarray(linear.permute(1, 2, 0).numpy())
    warped = warp_picture(pixels, np.array(shot.warp), size)
    y, x = np.mgrid[: size[0], : size[1]]
    (a, b, c), (d, e, f) = shot.warp
    there_x, there_y = a * x + b * y + c, d * x + e * y + f
    # Bicubic interpolation needs one pixel before and two after.
    seen = (there_x >= 1) & (there_y >= 1)
    seen &= (there_x <= pixels.shape[1] - 2.001) & (there_y <= pixels.shape[0] - 2.001)
    return torch.from_numpy(np.ascontiguousarray(warped.transpose(2, 0, 1))), seen
