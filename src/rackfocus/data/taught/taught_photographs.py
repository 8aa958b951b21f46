"""Photographs on disk with nearness from a teacher model, as written by `rackfocus prepare teacher`.

`<name>.jpg` is the picture, `<name>.nearness.png` its label of the same size: 16 bits, 0 is the farthest
point of the picture and 65535 its nearest.
"""

from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.data.evaluation_files import existing_folder, read_codes
from rackfocus.data.evaluation_samples import require_size
from rackfocus.data.taught.samples import NearnessSample
from rackfocus.reading.pictures import read_pixels
from rackfocus.types import InputError
from rackfocus.whole_files import write_whole

LABEL_SUFFIX = ".nearness.png"
PICTURE_SUFFIX = ".jpg"
HELD_OUT_EVERY = 20
_CODES = 65535
_QUALITY = 95


class LabelledPhotographs(Dataset[NearnessSample]):
    """The labelled pictures below a folder.

    Args:
        root: the folder that `rackfocus prepare teacher` wrote, or one in it.
        split: `train` or `validation`; every twentieth label is held out for validation. `None`: all.

    Raises:
        InputError: there is no such folder, or no label in it, or no such split; on access, a label or its
            picture is missing or damaged, or their sizes differ.
    """

    def __init__(self, root: str | Path, split: str | None = None) -> None:
        self.root = existing_folder(root)
        self.labels = sorted(self.root.rglob(f"*{LABEL_SUFFIX}"))
        if not self.labels:
            raise InputError(
                f"{self.root} holds no label (*{LABEL_SUFFIX}); make them with `rackfocus prepare teacher`."
            )
        if split is not None:
            if split not in ("train", "validation"):
                raise InputError(f"Labels have the splits train and validation, and no {split!r}.")
            self.labels = [
                label
                for number, label in enumerate(self.labels)
                if (number % HELD_OUT_EVERY == 0) == (split == "validation")
            ]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> NearnessSample:
        label = self.labels[index]
        name = label.name.removesuffix(LABEL_SUFFIX)
        picture = label.with_name(name + PICTURE_SUFFIX)
        image = read_eight_bits(picture)
        nearness = read_codes(label, 16).float() / _CODES
        require_size(label, nearness, image, picture)
        return NearnessSample(str(label.parent.relative_to(self.root) / name), image, nearness)


def is_labelled(root: Path, name: str) -> bool:
    """Whether the picture of this name already has a label."""
    return _label(root, name).is_file()


def write_label(
    root: Path,
    name: str,
    picture: UInt8[np.ndarray, "height width 3"],
    nearness: Float[Tensor, "height width"],
) -> None:
    """Write a picture (encoded sRGB) and then its label, each atomically; the name may contain subfolders.

    Nearness may be in any unit, finite; it is scaled to the range of 16 bits.
    """
    low, high = nearness.aminmax()
    codes = torch.round((nearness - low) / (high - low).clamp_min(1e-12) * _CODES)
    label = _label(root, name)
    label.parent.mkdir(parents=True, exist_ok=True)
    quality = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    write_whole(
        root / f"{name}{PICTURE_SUFFIX}", cv2.imencode(".jpg", picture[..., ::-1], quality)[1].tobytes()
    )
    write_whole(label, cv2.imencode(".png", codes.cpu().numpy().astype(np.uint16))[1].tobytes())


def read_eight_bits(path: Path) -> Float[Tensor, "3 height width"]:
    """An 8-bit picture in 0..1, without conversion; several times faster than by FFmpeg.

    Raises:
        InputError: it is missing or damaged.
    """
    broken = "is missing or damaged; make it again with `rackfocus prepare teacher`."
    pixels = read_pixels(path, cv2.IMREAD_COLOR_RGB, broken)
    return torch.from_numpy(pixels.transpose(2, 0, 1)).float() / 255


def _label(root: Path, name: str) -> Path:
    return root / f"{name}{LABEL_SUFFIX}"
