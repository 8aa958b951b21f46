"""MegaDepth (Li & Snavely 2018): depth by the hourglass of "Single-Image Depth Perception in the Wild".

The hourglass (Chen et al. 2016) is a tree of inception modules. Its parameters have the published names,
which are the indices of nested `Sequential`s: `3.0.0.1.2.0.weight` and so on.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.models.published.weights import find_weights, fit_state
from rackfocus.reading.weights import read_state

LONGER_SIDE_PX = 512
"""Longer side of the network's training images, 512 x 384 pixels."""

MULTIPLE_PX = 16
"""The hourglass halves the size four times."""


class MegaDepth(nn.Module):
    """Nearness by the published checkpoint.

    Args:
        weights: a file, or the name of a published one: `best_generalization_net_G.pth` for photographs in
            general, `best_vanila_net_G.pth` for landmarks only.

    Raises:
        InputError: the weights are missing, cannot be read, or do not fit.
    """

    def __init__(self, weights: str | Path = "best_generalization_net_G.pth") -> None:
        super().__init__()
        path = find_weights(weights)
        self.hourglass = hourglass()
        # The file was saved from a DataParallel module.
        state = {name.removeprefix("module."): tensor for name, tensor in read_state(path).items()}
        fit_state(self.hourglass, state, path, "MegaDepth")
        self.requires_grad_(False)
        self.eval()

    def forward(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """Nearness `exp(-log depth)`; see `rackfocus.models.backends.DepthBackend`.

        The image is resized to the size of the training images, or as near as its aspect ratio allows.
        """
        height, width = srgb.shape[-2:]
        scale = LONGER_SIDE_PX / max(height, width) / MULTIPLE_PX
        size = tuple(max(1, round(side * scale)) * MULTIPLE_PX for side in (height, width))
        seen = F.interpolate(srgb, size=size, mode="bilinear", antialias=True)
        log_depth = self.hourglass(seen)
        return F.interpolate(torch.exp(-log_depth), size=(height, width), mode="bilinear")

    def train(self, mode: bool = True) -> "MegaDepth":  # noqa: ARG002
        """Stay in evaluation mode: batch normalisation uses the statistics of the file."""
        return super().train(False)


class Concatenated(nn.Sequential):
    """Applies all children to the same input and concatenates their channels."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply all children and concatenate."""
        return torch.cat([child(x) for child in self], dim=1)


class Summed(nn.Sequential):
    """Applies all children to the same input and adds their outputs."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply all children and add."""
        first, second = (child(x) for child in self)
        return first + second


def hourglass() -> nn.Sequential:
    """The network: sRGB in 0..1 to log depth; sides must be multiples of 16."""
    narrow, wide = (3, 5, 7), (3, 7, 11)
    deep, shallow = (256, 64, 32, narrow), (128, 32, 32, narrow)
    sixteenth = _fork(_inceptions(deep, deep), _halved(nn.AvgPool2d(2), [deep], inception(*deep), [deep]))
    eighth = _fork(
        _inceptions(deep, (256, 64, 64, wide)),
        _halved(nn.AvgPool2d(2), [deep, deep], sixteenth, [deep, (256, 64, 64, wide)]),
    )
    quarter = _fork(
        _halved(nn.MaxPool2d(2), [shallow, (128, 64, 32, narrow)], eighth, [deep, (256, 32, 32, narrow)]),
        _inceptions(shallow, (128, 32, 64, wide)),
    )
    half = _fork(
        _halved(nn.MaxPool2d(2), [shallow, shallow], quarter, [(128, 32, 64, narrow), (128, 16, 32, wide)]),
        _inceptions((128, 16, 64, wide)),
    )
    return nn.Sequential(
        nn.Conv2d(3, 128, 7, padding=3), nn.BatchNorm2d(128), nn.ReLU(), half, nn.Conv2d(64, 1, 3, padding=1)
    )


def inception(in_channels: int, width: int, inner: int, kernels: Sequence[int]) -> Concatenated:
    """A 1x1 convolution beside a branch for each kernel size in pixels: a 1x1 convolution to `inner`
    channels, then one of that size; each has `width` channels.
    """
    return Concatenated(
        nn.Sequential(*_convolution(in_channels, width, 1)),
        *(
            nn.Sequential(*_convolution(in_channels, inner, 1), *_convolution(inner, width, kernel))
            for kernel in kernels
        ),
    )


def _inceptions(*arguments: tuple[int, int, int, Sequence[int]]) -> list[nn.Module]:
    return [inception(*each) for each in arguments]


def _halved(
    pool: nn.Module,
    before: Sequence[tuple[int, int, int, Sequence[int]]],
    inner: nn.Module,
    after: Sequence[tuple[int, int, int, Sequence[int]]],
) -> list[nn.Module]:
    """Inceptions around a module, all at half the size."""
    return [pool, *_inceptions(*before), inner, *_inceptions(*after), nn.Upsample(scale_factor=2)]


def _convolution(in_channels: int, out_channels: int, kernel: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2),
        nn.BatchNorm2d(out_channels, affine=False),
        nn.ReLU(),
    )


def _fork(first: Sequence[nn.Module], second: Sequence[nn.Module]) -> nn.Sequential:
    """The sum of two sequences, wrapped in a `Sequential` as in the published names."""
    return nn.Sequential(Summed(nn.Sequential(*first), nn.Sequential(*second)))
