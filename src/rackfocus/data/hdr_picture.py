"""Reads radiance pictures, Radiance `.hdr` and OpenEXR, and OpenEXR pictures of distances."""

import re
from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.types import InputError

HDR_SUFFIXES = frozenset({".hdr", ".exr"})

_RESOLUTION = re.compile(rb"\n-Y (\d+) \+X (\d+)\n")
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


def picture_size(path: Path) -> tuple[int, int] | None:
    """Height and width from the header. `None`: it cannot be read."""
    if path.suffix.lower() == ".exr":
        try:
            with OpenEXR.File(str(path), header_only=True) as file:
                low, high = file.header()["dataWindow"]
        except (RuntimeError, ValueError, TypeError, OSError, KeyError):
            return None
        return int(high[1] - low[1] + 1), int(high[0] - low[0] + 1)
    with path.open("rb") as file:
        found = _RESOLUTION.search(file.read(4096))
    return (int(found[1]), int(found[2])) if found else None


def _read_hdr(path: Path) -> np.ndarray:
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.float32 or pixels.ndim != 3:
        raise InputError(
            f"{path} cannot be read as a Radiance picture (RGBE, rows from the top), or it is damaged; "
            "get the data set again."
        )
    return pixels[..., ::-1]


def _read_exr(path: Path) -> np.ndarray:
    channels = _exr_channels(path)
    if not {"R", "G", "B"} <= channels.keys() or len({channels[name].shape for name in "RGB"}) > 1:
        raise InputError(f"{path} must have channels R, G and B of one size; convert it to RGB.")
    return np.stack([channels[name].astype(np.float32) for name in "RGB"], axis=-1)


def _exr_channels(path: Path) -> dict[str, np.ndarray]:
    try:
        with OpenEXR.File(str(path), separate_channels=True) as file:
            return {name: channel.pixels for name, channel in file.channels().items()}
    except (RuntimeError, ValueError, TypeError, OSError) as error:
        raise InputError(
            f"{path} cannot be read as OpenEXR, or it is damaged; get the data set again."
        ) from error
