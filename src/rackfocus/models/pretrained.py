"""RGBD-HDR on a pretrained trunk, TCMonoDepth-small, whose weights encode depth cues of people and rooms.

The trunk (ShuffleNetV2 encoder, separable decoder) gives features and relative nearness `e` at half the size
of the network's input. A second, frozen trunk gives nearness `c` from a picture of 7/12 of that size: with a
smaller input the order in depth is more reliable, with a larger one silhouettes are sharper. With a wide
Gaussian blur `L`,

    n = e + L(c - e).

A U-Net over features, `n` and the image, at a quarter of the input size, gives `E`, a gain `g` in 0..2 and a
bilateral grid:

    D = a (s g (m - n) + r)

where `s > 0`, `m` and `a` are three numbers for each image, predicted from the encoder's coarsest features.
`a` is 1 for a ray-traced scene, whose aperture is known, and `PHOTOGRAPH_BLUR` for a photograph, which does
not show its aperture; the shape of `D` does not depend on it. `g` and `n` are enlarged, and the residual `r`
is the grid, sliced by the luma of the image. Where `g` is 0, `D` is as smooth as the grid: an object in focus
can be flat at 0. With `g = 1`, `a = 1` and `r = 0`, `D` is nearness in pixels of blur.
"""

import copy
from pathlib import Path
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.models.bilateral_grid import luma_vertices, slice_grid
from rackfocus.models.depth_ensemble import low_frequencies, standardised
from rackfocus.models.published.tcmonodepth import (
    MULTIPLE_PX,
    WIDTHS,
    SeparableDecoder,
    ShuffleNetEncoder,
    fold_batch_normalisation,
    published_state,
)
from rackfocus.models.published.weights import find_weights, fit_state
from rackfocus.models.rgbd_hdr import bounded_disparity, init_dim, read_log_exposure, shrink
from rackfocus.models.unet import UNet
from rackfocus.optics.radiometry import luma
from rackfocus.types import RGBDHDR

CELL_PX = 4
"""The U-Net works at a quarter of the input size; one of its pixels is one cell of the grid."""

START_SCALE = 0.025
"""`s` before training, as a share of the longer side of the image; fitted to ray-traced scenes."""

RESIDUAL_SCALE = 0.02
"""Disparity of one unit of the grid, as a share of the longer side of the image: 8 pixels of 384."""

STRUCTURE_SHARE = 7 / 12
"""The input size of the second trunk over that of the first."""

STRUCTURE_SIGMA = 0.043
"""Standard deviation of `L`, as a share of the shorter side."""

SLOWED = 0.1
LARGEST_LOG_SCALE = 1.5
"""`s` stays within a factor of 4.5 of its start."""

PHOTOGRAPH_BLUR = 0.27
"""The blur of photographs over that of ray-traced scenes of the same nearness. The `D` of photographs then
spans about .006 of the longer side: a 40 mm lens at f/2 on a sensor 36 mm wide, focused at 2 m, blurs objects
at infinity by that radius."""


class PretrainedRGBDHDRNet(nn.Module):
    """Signed disparity and HDR log exposure from one image.

    Args:
        base_width: channels of the U-Net's first level.
        levels: number of resolutions of the U-Net.
        luma_bandwidth: distance of two luma vertices, in (0, 1].
        clipping_from: see `rackfocus.models.rgbd_hdr.clipping_share`.
        trunk: the file with the initial weights of the trunk, or its published name. `None`: random weights,
            to be loaded from a checkpoint.

    Raises:
        InputError: the trunk's file is missing, cannot be read, or does not fit.
    """

    holds_in_half: ClassVar[bool] = True

    def __init__(
        self,
        *,
        base_width: int = 24,
        levels: int = 4,
        luma_bandwidth: float = 0.125,
        clipping_from: float = 0.95,
        trunk: str | Path | None = None,
    ) -> None:
        super().__init__()
        self.architecture: dict[str, Any] = {
            "base_width": base_width,
            "levels": levels,
            "luma_bandwidth": luma_bandwidth,
            "clipping_from": clipping_from,
        }
        self.clipping_from = clipping_from
        self.trunk = Trunk(trunk)
        self.structure = copy.deepcopy(self.trunk).requires_grad_(False)
        self.scale_and_centre = nn.Linear(WIDTHS[-1] + 2, 2)
        nn.init.zeros_(self.scale_and_centre.weight)
        nn.init.zeros_(self.scale_and_centre.bias)
        self.photograph = nn.Linear(WIDTHS[-1] + 2, 1)
        nn.init.zeros_(self.photograph.weight)
        nn.init.zeros_(self.photograph.bias)
        vertices = luma_vertices(luma_bandwidth)
        seen = 3 * CELL_PX**2 + WIDTHS[0] + 1
        self.unet = UNet(seen, 4 + vertices, base_width=base_width, levels=levels)
        nn.init.zeros_(self.unet.last.weight)
        init_dim(self.unet.last, 3, gated=True)
        # Convolutions of few channels are a fifth faster in this memory format.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(
        self,
        srgb: Float[Tensor, "batch 3 height width"],
        *,
        network_size_px: int | None = None,
        trunk_learns: bool = True,
    ) -> RGBDHDR:
        """Predict `D` and `E`.

        Args:
            srgb: see `rackfocus.models.rgbd_hdr.RGBDHDRNet.forward`.
            network_size_px: see `rackfocus.models.rgbd_hdr.RGBDHDRNet.forward`.
            trunk_learns: whether the trunk gets gradients.
        """
        seen = shrink(srgb, network_size_px)
        height, width = seen.shape[-2:]
        padded = F.pad(seen, (0, -width % MULTIPLE_PX, 0, -height % MULTIPLE_PX), mode="replicate")
        with torch.set_grad_enabled(trunk_learns and torch.is_grad_enabled()):
            coarse, features, edges = self.trunk(padded)
        nearness = edges + self._missing_structure(edges, padded)
        found = F.avg_pool2d(torch.cat([features, nearness], dim=1), CELL_PX // 2)
        channels = self.unet(torch.cat([F.pixel_unshuffle(2 * padded - 1, CELL_PX), found], dim=1))
        # Mixed precision ends here: the precision of bfloat16 is worse than half a pixel of blur.
        coarse, nearness, channels = (
            _without_padding(each.to(srgb.dtype), seen) for each in (coarse, nearness, channels)
        )
        log_gain, gain, grid = channels.split([3, 1, channels.shape[1] - 4], dim=1)
        pooled = _pooled(coarse, nearness)
        scale, centre = self._scale_and_centre(pooled, nearness)
        blur = PHOTOGRAPH_BLUR ** torch.sigmoid(self.photograph(pooled))[:, :, None, None]
        gain = F.interpolate(2 * torch.sigmoid(gain), size=nearness.shape[-2:], mode="bilinear")
        longer = max(srgb.shape[-2:])
        flat = bounded_disparity(START_SCALE * longer * scale * gain * (centre - nearness), longer)
        residual = bounded_disparity(RESIDUAL_SCALE * longer * grid, longer)
        disparity = F.interpolate(blur * flat, size=srgb.shape[-2:], mode="bilinear")
        disparity += slice_grid(blur * residual, luma(srgb), CELL_PX * srgb.shape[-1] / seen.shape[-1])
        log_exposure = read_log_exposure(log_gain, srgb, self.clipping_from, each_channel=True)
        return RGBDHDR(disparity, log_exposure)

    def _missing_structure(
        self, edges: Float[Tensor, "batch 1 rows columns"], seen: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch 1 rows columns"]:
        """`L(c - e)`, with `c` scaled to the mean and the deviation of `e`."""
        size = tuple(
            max(1, round(side * STRUCTURE_SHARE / MULTIPLE_PX)) * MULTIPLE_PX for side in seen.shape[-2:]
        )
        reduced = F.interpolate(seen, size=size, mode="bilinear", antialias=True)
        nearness = F.interpolate(F.relu(self.structure(reduced)[2]), size=edges.shape[-2:], mode="bilinear")
        mean, spread = edges.mean(dim=(2, 3), keepdim=True), edges.std(dim=(2, 3), keepdim=True, correction=0)
        difference = mean + spread * standardised(nearness) - edges
        return low_frequencies(difference, STRUCTURE_SIGMA * min(edges.shape[-2:]))

    def _scale_and_centre(
        self, pooled: Float[Tensor, "batch feature"], nearness: Float[Tensor, "batch 1 rows columns"]
    ) -> tuple[Float[Tensor, "batch 1 1 1"], Float[Tensor, "batch 1 1 1"]]:
        """`s` relative to its start, and `m`, which is the mean of nearness before training."""
        # With Adam, two hundred features of one sign all move their sum in each step; unscaled, `s` diverges.
        found = SLOWED * self.scale_and_centre(pooled)
        log_scale, offset = found[:, :, None, None].split(1, dim=1)
        mean = nearness.mean(dim=(2, 3), keepdim=True)
        return torch.exp(LARGEST_LOG_SCALE * torch.tanh(log_scale)), mean + offset


def _pooled(
    coarse: Float[Tensor, "batch channel _ _"], nearness: Float[Tensor, "batch 1 _ _"]
) -> Float[Tensor, "batch feature"]:
    """What describes an image as a whole: means of features, mean and deviation of nearness, normalised."""
    mean, spread = nearness.mean(dim=(2, 3)), nearness.std(dim=(2, 3), correction=0)
    pooled = torch.cat([coarse.mean(dim=(2, 3)), mean, spread], dim=1)
    return F.layer_norm(pooled, pooled.shape[1:])


def _without_padding(
    values: Float[Tensor, "batch channel rows columns"], seen: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, "batch channel _ _"]:
    """The part of a map that begins within the image, for an image padded to multiples of 32."""
    step = MULTIPLE_PX * -(-seen.shape[-2] // MULTIPLE_PX) // values.shape[-2]
    return values[..., : -(-seen.shape[-2] // step), : -(-seen.shape[-1] // step)]


class Trunk(nn.Module):
    """TCMonoDepth-small, with batch normalisation (published statistics) folded into the convolutions.

    `weights` is a file or its published name. `None`: random weights.

    Raises:
        InputError: the file is missing, cannot be read, or does not fit.
    """

    def __init__(self, weights: str | Path | None = None) -> None:
        super().__init__()
        self.encoder = ShuffleNetEncoder()
        self.decoder = SeparableDecoder()
        if weights is not None:
            path = find_weights(weights)
            fit_state(self, published_state(path), path, "TCMonoDepth-small")
        fold_batch_normalisation(self)

    def forward(self, image: Float[Tensor, "batch 3 height width"]) -> tuple[Tensor, Tensor, Tensor]:
        """The encoder's coarsest features; the decoder's features, and nearness, both at half the size.

        The image is encoded sRGB in 0..1; its sides are multiples of 32.
        """
        found = self.encoder(image)
        features = self.decoder(found)
        return found[-1], features, self.decoder.final(features)
