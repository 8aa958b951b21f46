"""Settings and results of the evaluation of a sample, for any data set: records, pictures for a sheet."""

from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor

from rackfocus.evaluation.reports.records import Record
from rackfocus.metrics.lpips import LPIPS
from rackfocus.optics.radiometry import linear_to_srgb, srgb_to_linear


@dataclass(frozen=True)
class Conditions:
    """Settings that are the same for all methods.

    Attributes:
        longer_side_px: photographs are reduced to this, in linear light; ray-traced scenes never are.
        lpips: `None`: its weights are missing; its column stays blank.
        seed: of the random pairs of WHDR.
    """

    longer_side_px: int = 640
    lpips: LPIPS | None = None
    seed: int = 0

    def generator(self) -> torch.Generator:
        """A new generator, so that all methods are measured on the same pairs."""
        return torch.Generator().manual_seed(self.seed)


@dataclass(frozen=True)
class SheetRow:
    """Pictures side by side, from left to right by their captions."""

    title: str
    pictures: dict[str, UInt8[np.ndarray, "height width 3"]]


@dataclass(frozen=True)
class Examined:
    """The results of all methods for one sample."""

    records: list[Record] = field(default_factory=list)
    rows: list[SheetRow] = field(default_factory=list)


def reduced_size(image: Tensor, longer_side_px: int) -> tuple[int, int]:
    """Height and width reduced to this longer side; never enlarged."""
    height, width = image.shape[-2:]
    scale = min(1.0, longer_side_px / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def shrink(
    values: Float[Tensor, "channels height width"], size: tuple[int, int]
) -> Float[Tensor, "channels h w"]:
    """Average down to `size`; for linear light and other additive quantities."""
    if tuple(values.shape[-2:]) == size:
        return values
    return F.interpolate(values[None], size=size, mode="bilinear", antialias=True)[0]


def shrink_encoded(srgb: Float[Tensor, "3 height width"], size: tuple[int, int]) -> Float[Tensor, "3 h w"]:
    """Average an encoded photograph down, in linear light."""
    if tuple(srgb.shape[-2:]) == size:
        return srgb
    return linear_to_srgb(shrink(srgb_to_linear(srgb), size).clamp(0, 1)).clamp(0, 1)
