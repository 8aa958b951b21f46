"""Reads radiance pictures, Radiance `.hdr` and OpenEXR, and OpenEXR pictures of distances."""

from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.reading.damage import reading
from rackfocus.reading.exr import read_exr
from rackfocus.reading.pictures import read_pixels
from rackfocus.types import InputError

HDR_SUFFIXES = frozenset({".hdr", ".exr"})

_LARGEST_HALF = 65504.0


def read_radiance(path: Path) -> Float[Tensor, "3 height width"]:
    """Read linear Rec.709 light, `>= 0`, on the file's own scale.

    Half floats that overflowed to infinity, as at the sun, are replaced by the largest half float.

    Raises:
        InputError: the file is missing, damaged, has no R, G and B, or contains NaN.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing; get the data set again.")
    pixels = _read_exr(path) if path.suffix.lower() == ".exr" else _read_hdr(path)
    if np.isnan(pixels).any():
        raise InputError(f"{path} holds values that are no numbers; get the data set again.")
    clean = np.clip(np.nan_to_num(pixels, posinf=_LARGEST_HALF), 0.0, None)
    return torch.from_numpy(np.ascontiguousarray(clean.transpose(2, 0, 1), dtype=np.float32))


def read_distance(path: Path) -> Float[Tensor, "1 height width"]:
    """Read an OpenEXR picture of distances, `> 0`, which may be infinite, on the file's own scale: its red
    channel, or its only one.

    Raises:
        InputError: the file is missing, damaged, has several channels of which none is red, or has a distance
            that is not above 0.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing; get the data set again.")
    channels = _exr_channels(path)
    if "R" not in channels and len(channels) != 1:
        raise InputError(f"{path} must have one channel, or R, G and B; get the data set again.")
    pixels = channels["R"] if "R" in channels else next(iter(channels.values()))
    if not (pixels > 0).all():
        raise InputError(f"{path} holds values that are no distances; get the data set again.")
    return torch.from_numpy(pixels.astype(np.float32))[None]


def _read_hdr(path: Path) -> np.ndarray:
    broken = (
        "cannot be read as a Radiance picture (RGBE, rows from the top), or it is damaged; get the data set "
        "again."
    )
    with reading(path, broken):
        pixels = read_pixels(path, cv2.IMREAD_UNCHANGED, broken)
        if pixels.dtype != np.float32 or pixels.ndim != 3:
            raise ValueError("another picture")
    return pixels[..., ::-1]


def _read_exr(path: Path) -> np.ndarray:
    channels = _exr_channels(path)
    if not {"R", "G", "B"} <= channels.keys() or len({channels[name].shape for name in "RGB"}) > 1:
        raise InputError(f"{path} must have channels R, G and B of one size; convert it to RGB.")
    return np.stack([channels[name].astype(np.float32) for name in "RGB"], axis=-1)


def _exr_channels(path: Path) -> dict[str, np.ndarray]:
    broken = "cannot be read as OpenEXR, or it is damaged; get the data set again."
    return {name: channel.pixels for name, channel in read_exr(path, broken, separate=True).items()}
