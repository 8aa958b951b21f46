"""RGBD-HDR: signed disparity and HDR log exposure from one deep-DOF image (Sec. 4.1)."""

import math
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.models import compiled
from rackfocus.models.bilateral_grid import luma_vertices, slice_grid, splat
from rackfocus.models.unet import UNet
from rackfocus.optics.radiometry import HDR_GAIN, luma
from rackfocus.threads import bands, run_bands
from rackfocus.types import RGBDHDR

LARGEST_DISPARITY = 0.1
"""The limit of `|D|` (by a soft bound), as a share of the longer side of the network's input.

It is several times that of real lenses. Without it one bad training step can produce `D` of hundreds of
pixels, for which a render has hundreds of levels and runs out of memory.
"""

LARGEST_LOG_GAIN = 6.0
"""The limit of `k E` (by a soft bound): light 400 times as bright as white."""


class RGBDHDRNet(nn.Module):
    """A U-Net whose last layer has 3 channels for `E`, and `N` luma vertices that are sliced into `D`.

    Args:
        base_width: channels of the U-Net's first level.
        levels: number of resolutions of the U-Net.
        spatial_bandwidth_px: size of a bilateral grid cell in pixels.
        luma_bandwidth: distance of two luma vertices, in (0, 1]; `N = round(1 / luma_bandwidth) + 1`. `None`:
            `D` is predicted in pixel space, by one channel without a grid.
        hdr: whether `E` is predicted; otherwise `E` is 0 (Fig. 3B).
        clipping_from: see `clipping_share`. `None`: `E` is not limited to clipped pixels, as in the paper.
    """

    holds_in_half: ClassVar[bool] = True

    def __init__(
        self,
        *,
        base_width: int = 32,
        levels: int = 5,
        spatial_bandwidth_px: int = 8,
        luma_bandwidth: float | None = 0.125,
        hdr: bool = True,
        clipping_from: float | None = 0.95,
    ) -> None:
        super().__init__()
        self.architecture: dict[str, Any] = {
            "base_width": base_width,
            "levels": levels,
            "spatial_bandwidth_px": spatial_bandwidth_px,
            "luma_bandwidth": luma_bandwidth,
            "hdr": hdr,
            "clipping_from": clipping_from,
        }
        self.clipping_from = clipping_from
        self.hdr_channels = 3 if hdr else 0
        self.grid_px = None if luma_bandwidth is None else spatial_bandwidth_px
        vertices = 1 if luma_bandwidth is None else luma_vertices(luma_bandwidth)
        self.unet = UNet(3, self.hdr_channels + vertices, base_width=base_width, levels=levels)
        init_behind_focus(self.unet.last)
        init_dim(self.unet.last, self.hdr_channels, gated=clipping_from is not None)

    def forward(
        self, srgb: Float[Tensor, "batch 3 height width"], *, network_size_px: int | None = None
    ) -> RGBDHDR:
        """Predict `D` and `E`.

        Args:
            srgb: the encoded image in 0..1, of any size.
            network_size_px: the image is reduced for the U-Net to this longer side (never enlarged); the grid
                is sliced by the luma of the full image, and `D` scaled to its pixels.
        """
        # Mixed precision ends here: the precision of bfloat16 is worse than half a pixel of blur.
        channels = self.unet(shrink(srgb, network_size_px) * 2 - 1).to(srgb.dtype)
        log_gain, vertices = channels.split([self.hdr_channels, channels.shape[1] - self.hdr_channels], dim=1)
        disparity = read_disparity(vertices, srgb, self.grid_px)
        if self.hdr_channels == 0:
            return RGBDHDR(disparity, torch.zeros_like(srgb))
        return RGBDHDR(disparity, read_log_exposure(log_gain, srgb, self.clipping_from))


def init_behind_focus(last: nn.Conv2d) -> None:
    """Initialise a last layer so that `D` is everywhere a little behind the focal plane, as most pixels are.

    Two renders that differ only in the sign of `D` are nearly equal. When starting from 0, some trainings put
    the whole picture in front and stay there, because `D` would have to pass 0, where the picture is sharp.
    """
    nn.init.normal_(last.weight, std=0.01)
    nn.init.ones_(last.bias)  # type: ignore[arg-type]


def init_dim(last: nn.Conv2d, channels: int, *, gated: bool) -> None:
    """Initialise the first `channels` of a last layer so that little light is added.

    If `E` is limited to clipped pixels it can start at a gain of 2; otherwise all light would be off by it.
    """
    nn.init.constant_(last.bias[:channels], math.log(2) if gated else 0.02)  # type: ignore[index]


def shrink(
    srgb: Float[Tensor, "batch 3 height width"], longer_side_px: int | None
) -> Float[Tensor, "batch 3 _ _"]:
    """The image reduced to this longer side, never enlarged. `None`: unchanged."""
    height, width = srgb.shape[-2:]
    if longer_side_px is None or longer_side_px >= max(height, width):
        return srgb
    scale = longer_side_px / max(height, width)
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    return F.interpolate(srgb, size=size, mode="bilinear", antialias=True).clamp(0, 1)


def read_disparity(
    channels: Float[Tensor, "batch vertex rows columns"],
    srgb: Float[Tensor, "batch 3 height width"],
    grid_px: int | None,
) -> Float[Tensor, "batch 1 height width"]:
    """`D` in pixels of the image, from a U-Net's channels, which may be smaller than the image.

    Args:
        channels: one for each luma vertex, or a single one.
        srgb: the image, whose luma slices the grid.
        grid_px: size of a grid cell in pixels of `channels`. `None`: the single channel is `D` itself.
    """
    ratio = srgb.shape[-1] / channels.shape[-1]
    if grid_px is not None:
        disparity = slice_grid(splat(channels, grid_px), luma(srgb), grid_px * ratio)
    else:
        disparity = _enlarge(channels, srgb)
    return bounded_disparity(ratio * disparity, max(srgb.shape[-2:]))


def bounded_disparity(
    disparity: Float[Tensor, "batch channel rows columns"], longer_side_px: int
) -> Float[Tensor, "batch channel rows columns"]:
    """`D`, or a part of it, limited smoothly to `LARGEST_DISPARITY` of the longer side of its image."""
    bound = LARGEST_DISPARITY * longer_side_px
    return bound * torch.tanh(disparity / bound)


def read_log_exposure(
    channels: Float[Tensor, "batch 3 rows columns"],
    srgb: Float[Tensor, "batch 3 height width"],
    clipping_from: float | None,
    *,
    each_channel: bool = False,
) -> Float[Tensor, "batch 3 height width"]:
    """`E >= 0` of Eq. 4, from a U-Net's channels, which may be smaller than the image.

    Args:
        channels: the channels for `E`.
        srgb: the image.
        clipping_from: see `clipping_share`. `None`: `E` is not limited to clipped pixels.
        each_channel: see `clipping_share`.
    """
    # A soft bound, because otherwise one bad step could produce light of any strength.
    log_gain = LARGEST_LOG_GAIN * torch.tanh(projected_relu(channels) / LARGEST_LOG_GAIN)
    if clipping_from is None:
        return _enlarge(log_gain / HDR_GAIN, srgb)
    return _where_clipped(log_gain / HDR_GAIN, srgb, clipping_from, each_channel=each_channel)


def _where_clipped(
    log_exposure: Float[Tensor, "batch 3 rows columns"],
    srgb: Float[Tensor, "batch 3 height width"],
    clipping_from: float,
    *,
    each_channel: bool,
) -> Float[Tensor, "batch 3 height width"]:
    """Enlarge to the size of the image, times `clipping_share`; computed only where the share is above 0."""
    if compiled.can_interpolate(log_exposure, srgb):
        # Memory from numpy is mapped where it is written: most pictures clip in few places.
        read = torch.from_numpy(np.zeros(srgb.shape, np.float32))
        for each in zip(log_exposure, srgb, read, strict=True):
            _read_clipped(*each, clipping_from, each_channel=each_channel)
        return read
    height, width = srgb.shape[-2:]
    pictures = []
    for values, image, brightest in zip(log_exposure, srgb, srgb.amax(dim=1), strict=True):
        picture = torch.zeros_like(image)
        y, x = (brightest > clipping_from).nonzero(as_tuple=True)
        if len(y) > 0:
            # As `F.interpolate(mode="bilinear")`: pixel centres at halves, clamped at the border.
            points = torch.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], dim=-1).to(values)
            at = F.grid_sample(values[None], points[None, None], padding_mode="border", align_corners=False)
            share = clipping_share(image[None, :, None, y, x], clipping_from, each_channel=each_channel)
            picture[:, y, x] = (at * share)[0, :, 0]
        pictures.append(picture)
    return torch.stack(pictures)


def _read_clipped(
    log_exposure: Float[Tensor, "3 rows columns"],
    srgb: Float[Tensor, "3 height width"],
    read: Float[Tensor, "3 height width"],
    clipping_from: float,
    *,
    each_channel: bool,
) -> None:
    """The same without gradients, several times faster; written into an array of zeros."""
    values = log_exposure.detach().permute(1, 2, 0).contiguous().numpy()
    image, written, start = srgb.detach().contiguous().numpy(), read.numpy(), np.float32(clipping_from)
    run_bands(
        lambda band: compiled.read_clipped(values, image, start, each_channel, band, written),
        bands(srgb.shape[1]),
    )


class _AtLeastZero(torch.autograd.Function):
    """A rectifier with the gradient of a projection onto `x >= 0`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp_min(0)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return torch.where((x > 0) | (gradient < 0), gradient, 0.0)


def projected_relu(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """`max(x, 0)`, whose gradient below 0 is kept where it increases `x`, and 0 where it would decrease it.

    Few pixels are lights, and most clipped pixels were hardly brighter than white, so early in training,
    while `D` is wrong, the loss drives `E` to 0 everywhere. A softplus or a plain rectifier would then be so
    far below 0 that its gradient vanishes and `E` stays 0.
    """
    return _AtLeastZero.apply(x)


def clipping_share(
    srgb: Float[Tensor, "batch 3 height width"], clipping_from: float, *, each_channel: bool = False
) -> Float[Tensor, "batch channel height width"]:
    """The clipping share: how likely a pixel is clipped, 0 up to `clipping_from`, linear to 1 at white.

    By the brightest channel (Eilertsen et al. 2017, Eq. 2). Light below white is known from the image and
    need not be predicted. With `each_channel`, each channel has its own share, times the share of the pixel's
    second brightest channel: if a single channel is near white, as in a blue sky, the colour is saturated and
    the light hardly clipped.
    """
    if each_channel:
        second = srgb.sort(dim=1).values[:, 1:2]
        return _ramp(srgb, clipping_from) * _ramp(second, clipping_from)
    return _ramp(srgb.amax(dim=1, keepdim=True), clipping_from)


def _ramp(brightness: Float[Tensor, "*shape"], start: float) -> Float[Tensor, "*shape"]:
    return ((brightness - start) / (1 - start)).clamp(0, 1)


def _enlarge(channels: Tensor, image: Tensor) -> Tensor:
    size = (image.shape[-2], image.shape[-1])
    return channels if channels.shape[-2:] == size else F.interpolate(channels, size=size, mode="bilinear")
