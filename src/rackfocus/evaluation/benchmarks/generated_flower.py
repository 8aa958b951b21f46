"""Light fields in the form and size of Flower's files, made of noise, to measure how fast such files load."""

from pathlib import Path

import cv2
import numpy as np

from rackfocus.data.apertures.flower import LENSLET
from rackfocus.types import InputError
from rackfocus.whole_files import write_whole

PUBLISHED = 376, 541
"""Lenslets of a published file, down and across."""

_DISPARITY_PX = 0.5
_NOISE = 4.0
"""Standard deviation of the noise, of 255."""

VALIDATION_NUMBER = 90


def generate_flower(folder: Path, count: int) -> Path:
    """Write `count` light fields for training, 7574x5264 pixels each, and the first again for validation.

    Raises:
        InputError: there are more than 90, which is the first number of the validation split.
    """
    if not 0 < count <= VALIDATION_NUMBER:
        raise InputError(f"generated must be 1 to {VALIDATION_NUMBER}, and is {count}.")
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        content = cv2.imencode(".png", _lenslets(number), [cv2.IMWRITE_PNG_COMPRESSION, 6])[1].tobytes()
        for name in (number, VALIDATION_NUMBER) if number == 0 else (number,):
            write_whole(folder / f"IMG_{name:04d}_eslf.png", content)
    return folder


def _lenslets(seed: int) -> np.ndarray:
    """A wall of soft texture seen by 14x14 views, with noise."""
    rng = np.random.default_rng(seed)
    height, width = PUBLISHED
    texture = np.zeros((height, width, 3))
    for size in (6, 24, 96):
        coarse = rng.normal(0, 25, (size, size, 3))
        texture += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    picture = np.empty((height * LENSLET, width * LENSLET, 3), np.uint8)
    for row, column in np.ndindex(LENSLET, LENSLET):
        down, right = (_DISPARITY_PX * (place - LENSLET // 2) for place in (row, column))
        move = np.array([[1.0, 0.0, right], [0.0, 1.0, down]])
        view = cv2.warpAffine(texture, move, (width, height), borderMode=cv2.BORDER_REFLECT)
        noisy = 110 + view + _NOISE * rng.standard_normal(view.shape, np.float32)
        picture[row::LENSLET, column::LENSLET] = np.clip(noisy, 0, 255).round().astype(np.uint8)
    return picture
