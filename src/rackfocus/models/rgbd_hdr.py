"""RGBD-HDR: signed disparity and HDR log exposure from one deep-DOF image (Sec. 4.1)."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.models.bilateral_grid import luma_vertices, slice_grid, splat
from rackfocus.models.unet import UNet
from rackfocus.optics.radiometry import HDR_GAIN, luma
from rackfocus.types import RGBDHDR


class RGBDHDRNet(nn.Module):
    """A U-Net whose last layer gives `3 + N` channels: 3 for `E`, `N` over luma, sliced into `D`.

    Args:
        base_width: channels of the U-Net's first level.
        levels: how many resolutions the U-Net works at.
        spatial_bandwidth_px: size of a bilateral grid cell in pixels.
        luma_bandwidth: distance of two luma vertices, in (0, 1]; `N = round(1 / luma_bandwidth) + 1`.
    """

    INITIAL_LOG_GAIN = 0.02
    """What `kE` is before training: near 0, where the softplus still has a slope."""

    LARGEST_DISPARITY = 0.1
    """The bound that `D` bends towards, over the longer side of what the network sees.

    It is several times what lenses do. Without it one bad step can throw `D` to hundreds of pixels, where a
    render has hundreds of levels and training runs out of memory.
    """

    def __init__(
        self,
        *,
        base_width: int = 32,
        levels: int = 5,
        spatial_bandwidth_px: int = 8,
        luma_bandwidth: float = 0.125,
    ) -> None:
        super().__init__()
        self.architecture: dict[str, Any] = {
            "base_width": base_width,
            "levels": levels,
            "spatial_bandwidth_px": spatial_bandwidth_px,
            "luma_bandwidth": luma_bandwidth,
        }
        self.spatial_bandwidth_px = spatial_bandwidth_px
        self.unet = UNet(3, 3 + luma_vertices(luma_bandwidth), base_width=base_width, levels=levels)
        nn.init.normal_(self.unet.last.weight, std=0.01)
        nn.init.constant_(self.unet.last.bias[:3], math.log(math.expm1(self.INITIAL_LOG_GAIN)))  # type: ignore[index]

    def forward(
        self, srgb: Float[Tensor, "batch 3 height width"], *, network_size_px: int | None = None
    ) -> RGBDHDR:
        """Predict `D` and `E`.

        Args:
            srgb: the encoded image in 0..1, of any size.
            network_size_px: the U-Net sees the image with its longer side reduced to this (never enlarged);
                the grid is sliced by the luma of the whole image, and `D` scaled to its pixels.
        """
        height, width = srgb.shape[-2:]
        scale = 1.0 if network_size_px is None else min(1.0, network_size_px / max(height, width))
        seen = srgb if scale == 1.0 else _shrink(srgb, scale)
        channels = self.unet(seen * 2 - 1)
        log_gain, vertices = channels[:, :3], channels[:, 3:]
        grid = splat(vertices, self.spatial_bandwidth_px)
        ratio = width / seen.shape[-1]
        disparity = slice_grid(grid, luma(srgb), self.spatial_bandwidth_px * ratio)
        bound = self.LARGEST_DISPARITY * max(seen.shape[-2:])
        disparity = ratio * bound * torch.tanh(disparity / bound)
        log_exposure = F.softplus(log_gain) / HDR_GAIN
        if scale != 1.0:
            log_exposure = F.interpolate(log_exposure, size=(height, width), mode="bilinear")
        return RGBDHDR(disparity, log_exposure)


def _shrink(image: Tensor, scale: float) -> Tensor:
    height, width = image.shape[-2:]
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    return F.interpolate(image, size=size, mode="bilinear", antialias=True).clamp(0, 1)
