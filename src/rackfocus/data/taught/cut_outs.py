"""Compositions of cut-out subjects in front of photographs, with exactly known silhouettes.

`rackfocus prepare cut_outs` makes the cut-outs; the background's nearness is from a teacher model.
"""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch.utils.data import Dataset

from rackfocus.data.evaluation_files import existing_folder
from rackfocus.data.taught.samples import NearnessSample
from rackfocus.reading.damage import reading
from rackfocus.reading.pictures import read_pixels
from rackfocus.types import InputError

HEIGHT_SHARE = (0.35, 1.05)
"""The range of a cut-out's height relative to the picture's height."""
LARGEST_ENLARGEMENT = 1.6
FOOT = (0.72, 1.0)
"""The range of the lower edge of complete subjects, from the top of the picture. Subjects cropped below stay
at the lower edge."""
STEP = (0.03, 0.5)
"""The range of a card's nearness in front of all that it covers, in ranges of the background's nearness."""
TILT = 0.05
OPAQUE = 230


class Card(NamedTuple):
    """A subject placed in a picture: encoded sRGB and alpha, cropped to the picture, and its first row and
    column.
    """

    pixels: UInt8[np.ndarray, "rows columns 4"]
    top: int
    left: int


class CutOuts(Dataset[NearnessSample]):
    """One or two subjects (`most`) as cards in front of a photograph; a new composition for every index.

    `root` is the folder of cut-outs, `backgrounds` are photographs with a teacher's nearness in 0..1. A
    card's nearness is a slightly tilted plane in front of all that it covers, so its silhouette is a step of
    the label where its alpha passes one half. A composition depends only on the seed and the index.

    Raises:
        InputError: there is no such folder, or no cut-out in it, or a count is below 1; on access, a cut-out
            is damaged.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        backgrounds: Dataset[NearnessSample],
        most: int = 2,
        length: int = 4096,
        seed: int = 0,
    ) -> None:
        folder = existing_folder(root)
        self.files = sorted(folder.rglob("*.png"))
        if not self.files:
            raise InputError(
                f"{folder} holds no cut-out (.png); make some with `rackfocus prepare cut_outs`."
            )
        if min(most, length) < 1:
            raise InputError(f"most and length must be 1 or more, and are {most} and {length}.")
        self.backgrounds = backgrounds
        self.most = most
        self.length = length
        self.seed = seed

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> NearnessSample:
        if not -self.length <= index < self.length:
            raise IndexError(index)
        place = index % self.length
        rng = np.random.default_rng((self.seed, place))
        below = self.backgrounds[int(rng.integers(len(self.backgrounds)))]  # type: ignore[arg-type]
        image = np.round(255 * below.image.permute(1, 2, 0).numpy()).astype(np.uint8)
        nearness = below.nearness[0].numpy().copy()
        for _ in range(int(rng.integers(1, self.most + 1))):
            file = self.files[int(rng.integers(len(self.files)))]
            card = placed(read_cut_out(file), image.shape[:2], rng)
            lay(matched(card, image, rng), image, nearness, rng)
        return NearnessSample(
            f"{below.name}/{place}",
            torch.from_numpy(image).permute(2, 0, 1).float() / 255,
            torch.from_numpy(nearness)[None],
        )


def read_cut_out(path: Path) -> UInt8[np.ndarray, "rows columns 4"]:
    """Encoded sRGB and alpha.

    Raises:
        InputError: the file is damaged or has no alpha.
    """
    broken = (
        "cannot be read as a cut-out (8 bits with alpha); make it again with `rackfocus prepare cut_outs`."
    )
    with reading(path, broken):
        pixels = read_pixels(path, cv2.IMREAD_UNCHANGED, broken)
        if pixels.ndim != 3 or pixels.shape[2] != 4 or pixels.dtype != np.uint8:
            raise ValueError("another picture")
    rgba: UInt8[np.ndarray, "rows columns 4"] = cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA)
    return rgba


def placed(
    pixels: UInt8[np.ndarray, "rows columns 4"], size: tuple[int, int], rng: np.random.Generator
) -> Card:
    """A random size, flip and position; parts outside the picture are cropped."""
    height, width = size
    cropped = is_cropped(pixels)
    if rng.random() < 0.5:
        pixels = pixels[:, ::-1]
    scale = rng.uniform(*HEIGHT_SHARE) * height / pixels.shape[0]
    scale = min(scale, 0.9 * width / pixels.shape[1], LARGEST_ENLARGEMENT)
    rows, columns = (max(2, round(side * scale)) for side in pixels.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    pixels = cv2.resize(np.ascontiguousarray(pixels), (columns, rows), interpolation=how)
    foot = height + rng.uniform(0, 0.15) * rows if cropped else rng.uniform(*FOOT) * height
    top = round(foot - rows)
    left = round(rng.uniform(-0.2 * columns, width - 0.8 * columns))
    seen = pixels[max(0, -top) : height - top, max(0, -left) : width - left]
    return Card(seen, max(0, top), max(0, left))


def is_cropped(pixels: UInt8[np.ndarray, "rows columns 4"]) -> bool:
    """Whether the lower edge of its photograph cropped the subject: its last row has an opaque pixel."""
    return bool((pixels[-1, :, 3] > OPAQUE).mean() > 0.05)


def matched(card: Card, image: UInt8[np.ndarray, "height width 3"], rng: np.random.Generator) -> Card:
    """The card with a part of the brightness and tint of the background at its place."""
    rows, columns = card.pixels.shape[:2]
    behind = image[card.top : card.top + rows, card.left : card.left + columns]
    alpha = card.pixels[..., 3]
    if not (alpha > OPAQUE).any():
        return card
    own, other = np.array(cv2.mean(card.pixels, mask=alpha)[:3]), np.array(cv2.mean(behind)[:3])
    ratio = np.clip((other + 8) / (own + 8), 0.4, 2.5)
    bright = ratio.mean() ** rng.uniform(0, 0.7)
    gains = bright * np.clip(ratio / ratio.mean(), 0.8, 1.25) ** rng.uniform(0, 0.7)
    # A curve that maps black to black and white to white, so that nothing clips.
    codes = np.arange(256) / 255
    table = np.stack([gain * codes / (1 + (gain - 1) * codes) for gain in gains], axis=1)
    lut = np.round(255 * table).astype(np.uint8)
    colours = cv2.LUT(np.ascontiguousarray(card.pixels[..., :3]), lut[None])
    return card._replace(pixels=np.dstack([colours, alpha]))


def lay(
    card: Card,
    image: UInt8[np.ndarray, "height width 3"],
    nearness: Float32[np.ndarray, "height width"],
    rng: np.random.Generator,
) -> None:
    """Draw a card over an image and its nearness, in place."""
    rows, columns = card.pixels.shape[:2]
    if min(rows, columns) == 0:
        return
    window = (slice(card.top, card.top + rows), slice(card.left, card.left + columns))
    alpha = card.pixels[..., 3:].astype(np.float32) / 255
    inside = alpha[..., 0] > 0.5
    if not inside.any():
        return
    mixed = alpha * card.pixels[..., :3] + (1 - alpha) * image[window]
    image[window] = np.round(mixed).astype(np.uint8)
    across, down = rng.uniform(-TILT, TILT, 2)
    plane = across * np.linspace(-0.5, 0.5, columns) + down * np.linspace(-0.5, 0.5, rows)[:, None]
    plane -= plane[inside].min()
    plane += float(nearness[window][inside].max()) + rng.uniform(*STEP)
    nearness[window] = np.where(inside, plane, nearness[window])
