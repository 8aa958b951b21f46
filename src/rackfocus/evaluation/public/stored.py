"""Pictures as the scripts of public benchmarks read them."""

from pathlib import Path

import cv2
import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.reading.pictures import read_pixels
from rackfocus.types import InputError


def read_stored(path: Path) -> Float[Tensor, "3 height width"]:
    """A picture's codes of 8 bits over 255, as libjpeg or libpng decodes them.

    An orientation or a colour profile in the file is ignored, as Pillow does unless asked.

    Raises:
        InputError: the file is missing, no picture, or damaged.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing; get the data set again, or name another file.")
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = read_pixels(path, flags, "is not an image that can be read, or it is damaged; replace it.")
    return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255
