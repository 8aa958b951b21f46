"""Disparity and HDR by two networks in sequence: the alternative to joint estimation (Sec. 4.1)."""

from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.models.bilateral_grid import luma_vertices
from rackfocus.models.rgbd_hdr import init_behind_focus, init_dim, read_disparity, read_log_exposure, shrink
from rackfocus.models.unet import UNet
from rackfocus.optics.radiometry import apply_log_exposure, linear_to_srgb, srgb_to_linear
from rackfocus.types import RGBDHDR


class SequentialRGBDHDRNet(nn.Module):
    """A U-Net predicts `E`; a second one predicts `D` from the recovered light. They share no weights.

    The input of the second is the light, sRGB-encoded and unclipped; its gradients do not reach the first.

    Args:
        base_width: channels of each first level; a joint network of `sqrt(2)` times the width has as many
            weights as both.
        levels: as in `RGBDHDRNet`.
        spatial_bandwidth_px: as in `RGBDHDRNet`.
        luma_bandwidth: as in `RGBDHDRNet`.
        clipping_from: as in `RGBDHDRNet`.
    """

    holds_in_half: ClassVar[bool] = True

    def __init__(
        self,
        *,
        base_width: int = 32,
        levels: int = 5,
        spatial_bandwidth_px: int = 8,
        luma_bandwidth: float = 0.125,
        clipping_from: float | None = 0.95,
    ) -> None:
        super().__init__()
        self.architecture: dict[str, Any] = {
            "base_width": base_width,
            "levels": levels,
            "spatial_bandwidth_px": spatial_bandwidth_px,
            "luma_bandwidth": luma_bandwidth,
            "clipping_from": clipping_from,
        }
        self.clipping_from = clipping_from
        self.grid_px = spatial_bandwidth_px
        self.hdr = UNet(3, 3, base_width=base_width, levels=levels)
        self.depth = UNet(3, luma_vertices(luma_bandwidth), base_width=base_width, levels=levels)
        for unet in (self.hdr, self.depth):
            init_behind_focus(unet.last)
        init_dim(self.hdr.last, 3, gated=clipping_from is not None)

    def forward(
        self, srgb: Float[Tensor, "batch 3 height width"], *, network_size_px: int | None = None
    ) -> RGBDHDR:
        """Predict `D` and `E`; the arguments are those of `RGBDHDRNet`."""
        seen = shrink(srgb, network_size_px)
        log_gain = self.hdr(seen * 2 - 1).to(srgb.dtype)
        recovered = apply_log_exposure(
            srgb_to_linear(seen), read_log_exposure(log_gain.detach(), seen, self.clipping_from)
        )
        vertices = self.depth(linear_to_srgb(recovered) * 2 - 1).to(srgb.dtype)
        disparity = read_disparity(vertices, srgb, self.grid_px)
        return RGBDHDR(disparity, read_log_exposure(log_gain, srgb, self.clipping_from))
