"""Optical flow in the `.flo` files of Middlebury and Sintel."""

import struct
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rackfocus.reading.limits import require_pixels
from rackfocus.types import InputError

_MAGIC = 202021.25
_HEADER = struct.Struct("<fii")
_UNKNOWN = 1e9
"""Middlebury marks unknown flow by components larger than this."""


def read_flow(path: Path) -> tuple[Float[Tensor, "2 height width"], Bool[Tensor, "1 height width"]]:
    """Read optical flow: pixels, `x` right and `y` down; little-endian floats after a magic number and the
    size.

    Returns:
        The flow, 0 where it is marked as unknown or is NaN, and a mask of where it is known.

    Raises:
        InputError: the file is missing, is no `.flo` file, or its length does not match its size.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing; get the data set again.")
    content = path.read_bytes()
    magic, width, height = _HEADER.unpack_from(content) if len(content) >= _HEADER.size else (0.0, 0, 0)
    if magic != _MAGIC or width < 1 or height < 1:
        raise InputError(f"{path} does not begin as a .flo file does; get the data set again.")
    require_pixels(path, width, height)
    needed = 8 * width * height
    if len(content) - _HEADER.size != needed:
        raise InputError(
            f"{path} holds {len(content) - _HEADER.size} bytes of flow where {width}x{height} need {needed}; "
            "get the data set again."
        )
    pixels = np.frombuffer(content, dtype="<f4", offset=_HEADER.size).reshape(height, width, 2)
    flow = torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32, order="C", copy=True))
    known = (flow.abs() < _UNKNOWN).all(dim=0, keepdim=True)  # False for NaN.
    return torch.where(known, flow, 0.0), known


def write_flow(path: Path, flow: Float[np.ndarray, "height width 2"]) -> None:
    """Write optical flow in pixels, `x` right and `y` down."""
    height, width, _ = flow.shape
    path.write_bytes(_HEADER.pack(_MAGIC, width, height) + flow.astype("<f4").tobytes())
