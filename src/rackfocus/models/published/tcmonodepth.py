"""TCMonoDepth-small (Li et al. 2021, "Enforcing Temporal Consistency in Video Depth Estimation").

A ShuffleNetV2 x0.5 encoder (Ma et al. 2018) without its max pooling, and a decoder of depthwise separable
convolutions; 186,063 weights. It was trained for depth that is stable from frame to frame of a video.
"""

import copy
import itertools
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from rackfocus.models.published.weights import find_weights, fit_state
from rackfocus.reading.weights import read_state
from rackfocus.types import InputError

WIDTHS = (24, 48, 96, 192)
"""Channels of the features at 1/2, 1/4, 1/8 and 1/16 of the image's size."""

BLOCKS = (4, 8, 4)
"""Number of blocks of each stage of the encoder after the first convolution."""

MULTIPLE_PX = 32
"""The sides of the network's input are multiples of this, as in its authors' code."""


class TCMonoDepth(nn.Module):
    """Nearness by the published checkpoint.

    Args:
        weights: a file, or the name of the published one.
        shorter_side_px: the shorter side of the network's input. Its authors use 256; with 384 silhouettes
            are sharper and the order of distant objects is less reliable.

    Raises:
        InputError: the weights are missing, cannot be read, or do not fit; the size is below 32 pixels.
    """

    def __init__(self, weights: str | Path = "tcmonodepth_small.pt", shorter_side_px: int = 256) -> None:
        super().__init__()
        if shorter_side_px < MULTIPLE_PX:
            raise InputError(f"shorter_side_px must be {MULTIPLE_PX} or more, and is {shorter_side_px}.")
        self.shorter_side_px = shorter_side_px
        self.encoder = ShuffleNetEncoder()
        self.decoder = SeparableDecoder()
        path = find_weights(weights)
        fit_state(self, published_state(path), path, "TCMonoDepth-small")
        self.requires_grad_(False)
        self.eval()

    def forward(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """Nearness `>= 0`; see `rackfocus.models.backends.DepthBackend`.

        The image is resized, not cropped: its shorter side to about `shorter_side_px`, both sides to
        multiples of 32; smaller images are enlarged.
        """
        height, width = srgb.shape[-2:]
        scale = self.shorter_side_px / min(height, width) / MULTIPLE_PX
        size = tuple(max(1, round(side * scale)) * MULTIPLE_PX for side in (height, width))
        seen = F.interpolate(srgb, size=size, mode="bilinear", antialias=True).clamp(0, 1)
        nearness = self.decoder.nearness(self.decoder(self.encoder(seen)))
        return F.interpolate(nearness, size=(height, width), mode="bilinear")

    def train(self, mode: bool = True) -> "TCMonoDepth":  # noqa: ARG002
        """Stay in evaluation mode: batch normalisation uses the statistics of the file."""
        return super().train(False)


def published_state(path: Path) -> dict[str, Tensor]:
    """The tensors of the published file that inference needs.

    The file contains the encoder's blocks twice (as `features` and as `stage1` to `stage3`) and the heads
    `final2` and `final3`, which are for training only.

    Raises:
        InputError: the file cannot be read as weights.
    """
    unused = ("encoder.stage", "decoder.final2", "decoder.final3")
    return {name: tensor for name, tensor in read_state(path).items() if not name.startswith(unused)}


def fold_batch_normalisation(module: nn.Module) -> None:
    """Fold each batch normalisation into the convolution before it, which gets a bias, in place.

    The result equals that of evaluation mode up to rounding. `nn.Identity` replaces a normalisation, so that
    the names of the convolutions stay the same.
    """
    mode = module.training
    module.eval()  # folding is valid in evaluation mode only
    for blocks in [each for each in module.modules() if isinstance(each, nn.Sequential)]:
        for index in range(1, len(blocks)):
            norm = blocks[index]
            if isinstance(norm, nn.BatchNorm2d):
                before = blocks[index - 1]
                holder, place = (before.conv, -1) if isinstance(before, _Separable) else (blocks, index - 1)
                convolution = holder[place]
                assert isinstance(convolution, nn.Conv2d)
                folded = _folded(convolution, norm)
                # The weight keeps its `requires_grad`, but a new bias does not inherit it.
                assert folded.bias is not None
                folded.bias.requires_grad_(folded.weight.requires_grad)
                holder[place] = folded
                blocks[index] = nn.Identity()
    module.train(mode)


def _folded(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    if not convolution.weight.is_meta:
        return fuse_conv_bn_eval(convolution, norm)
    # Only its shapes count, and arithmetic with tensors that have no values imports torch's compiler, which
    # takes seconds.
    folded = copy.deepcopy(convolution)
    folded.bias = nn.Parameter(torch.empty_like(norm.bias))
    return folded


class ShuffleNetEncoder(nn.Module):
    """Features of an image at 1/2, 1/4, 1/8 and 1/16 of its size, of `WIDTHS` channels."""

    def __init__(self) -> None:
        super().__init__()
        self.first_conv = nn.Sequential(
            nn.Conv2d(3, WIDTHS[0], 3, stride=2, padding=1, bias=False), *_normalised(WIDTHS[0])
        )
        blocks: list[nn.Module] = []
        for stage, count in enumerate(BLOCKS):
            blocks.append(_Downsampling(WIDTHS[stage]))
            blocks += [_Residual(WIDTHS[stage + 1]) for _ in range(count - 1)]
        self.features = nn.Sequential(*blocks)

    def forward(self, image: Float[Tensor, "batch 3 height width"]) -> list[Tensor]:
        """The features of RGB in 0..1, finest first."""
        found = [self.first_conv(image)]
        for stage in self.stages():
            found.append(stage(found[-1]))
        return found

    def stages(self) -> list[nn.Module]:
        """The blocks of each resolution after the first convolution."""
        ends = list(itertools.accumulate(BLOCKS))
        return [self.features[end - count : end] for end, count in zip(ends, BLOCKS, strict=True)]


class _Downsampling(nn.Module):
    """ShuffleNetV2's block of stride 2: two branches that each see all channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.branch_main = _main_branch(width, width, stride=2)
        self.branch_proj = nn.Sequential(
            nn.Conv2d(width, width, 3, stride=2, padding=1, groups=width, bias=False),
            nn.BatchNorm2d(width),
            nn.Conv2d(width, width, 1, bias=False),
            *_normalised(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch_proj(x), self.branch_main(x)], dim=1)


class _Residual(nn.Module):
    """ShuffleNetV2's block of stride 1: even channels are passed on, odd ones are convolved."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.branch_main = _main_branch(width // 2, width // 2, stride=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x[:, ::2], self.branch_main(x[:, 1::2])], dim=1)


class SeparableDecoder(nn.Module):
    """From the encoder's features to features at half the image's size, and from these to nearness."""

    def __init__(self) -> None:
        super().__init__()
        self.decoder3 = _Merge(WIDTHS[2], WIDTHS[3])
        self.decoder2 = _Merge(WIDTHS[1], WIDTHS[2])
        self.decoder1 = _Merge(WIDTHS[0], WIDTHS[1])
        self.final = nn.Conv2d(WIDTHS[0], 1, 3, padding=1)

    def forward(self, features: Sequence[Tensor]) -> Float[Tensor, "batch 24 _ _"]:
        """Features at the size of the encoder's finest ones."""
        half, quarter, eighth, sixteenth = features
        x = self.decoder3(eighth, sixteenth)
        x = self.decoder2(quarter, x)
        return self.decoder1(half, x)

    def nearness(self, features: Float[Tensor, "batch 24 rows columns"]) -> Float[Tensor, "batch 1 _ _"]:
        """Nearness `>= 0` at twice the size of the features."""
        return F.interpolate(F.relu(self.final(features)), scale_factor=2, mode="bilinear")


class _Merge(nn.Module):
    """Enlarges coarse features to the size of fine ones and convolves both together."""

    def __init__(self, fine: int, coarse: int) -> None:
        super().__init__()
        skipped = coarse // 4
        self.skip_conv = nn.Sequential(nn.Conv2d(fine, skipped, 1, bias=False), *_normalised(skipped))
        self.last_conv = nn.Sequential(_Separable(coarse + skipped, fine), *_normalised(fine))

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        size = (fine.shape[-2], fine.shape[-1])
        enlarged = F.interpolate(coarse, size=size, mode="bilinear")
        return self.last_conv(torch.cat([enlarged, self.skip_conv(fine)], dim=1))


class _Separable(nn.Module):
    """A depthwise 3x3 convolution, then a 1x1 convolution."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels, bias=False),
            *_normalised(in_channels),
            nn.Conv2d(in_channels, out_channels, 1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


def _main_branch(in_channels: int, width: int, *, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, width, 1, bias=False),
        *_normalised(width),
        nn.Conv2d(width, width, 3, stride=stride, padding=1, groups=width, bias=False),
        nn.BatchNorm2d(width),
        nn.Conv2d(width, width, 1, bias=False),
        *_normalised(width),
    )


def _normalised(channels: int) -> tuple[nn.Module, nn.Module]:
    return nn.BatchNorm2d(channels), nn.ReLU()
