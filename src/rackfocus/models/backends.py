"""The flexible system (Sec. 6.1): disparity and HDR by other models, behind the same call as RGBD-HDR."""

from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.types import RGBDHDR, InputError

ROBUST_RANGE = (0.02, 0.98)
"""The quantiles of nearness that count as its range."""


class DepthBackend(Protocol):
    """A model of how near things are."""

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """Nearness: relative inverse depth, larger is NEARER, up to a positive scale and a shift.

        Args:
            srgb: the encoded image in 0..1, of any size. The result has its size.
        """
        ...


class HDRBackend(Protocol):
    """A model of the light that an image clipped."""

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
        """Log exposure `E >= 0`: radiance is `linear_rgb * exp(50 * E)` (Eq. 4).

        Args:
            srgb: the encoded image in 0..1, of any size. The result has its size.
        """
        ...


class RGBDHDREstimator(Protocol):
    """Whatever estimates both halves: `RGBDHDRNet`, or models assembled from elsewhere."""

    def __call__(
        self, srgb: Float[Tensor, "batch 3 height width"], *, network_size_px: int | None = None
    ) -> RGBDHDR:
        """`D` and `E` of an image; see `RGBDHDRNet.forward`."""
        ...


class Assembled(nn.Module):
    """RGBD-HDR of which other models give one half, or both.

    Args:
        network: gives what no backend gives; it is not run where both backends are there.
        depth: replaces its disparity.
        hdr: replaces its log exposure.
        disparity_range: what a backend's nearness is stretched to: the range of `D` over the longer side of
            the image. Depth models do not tell the aperture, so it is for a person to choose.

    Raises:
        InputError: a half has no source, or the range is not positive.
    """

    def __init__(
        self,
        network: RGBDHDREstimator | None = None,
        *,
        depth: DepthBackend | None = None,
        hdr: HDRBackend | None = None,
        disparity_range: float = 0.03,
    ) -> None:
        super().__init__()
        if network is None and (depth is None or hdr is None):
            half = "disparity" if depth is None else "log exposure"
            raise InputError(f"Nothing gives the {half}; add a network, or a backend for it.")
        if not disparity_range > 0:
            raise InputError(f"disparity_range must be above 0, such as 0.03, and is {disparity_range}.")
        self.network = network
        self.depth = depth
        self.hdr = hdr
        self.disparity_range = float(disparity_range)

    def forward(
        self, srgb: Float[Tensor, "batch 3 height width"], *, network_size_px: int | None = None
    ) -> RGBDHDR:
        """Estimate `D` and `E`.

        Args:
            srgb: the encoded image in 0..1, of any size.
            network_size_px: as of `RGBDHDRNet`; backends have sizes of their own.
        """
        estimate = None
        if self.network is not None and (self.depth is None or self.hdr is None):
            estimate = self.network(srgb, network_size_px=network_size_px)
        if self.depth is not None:
            disparity = disparity_from_nearness(self.depth(srgb), self.disparity_range)
        else:
            assert estimate is not None
            disparity = estimate.disparity
        if self.hdr is not None:
            log_exposure = self.hdr(srgb)
        else:
            assert estimate is not None
            log_exposure = estimate.log_exposure
        return RGBDHDR(disparity, log_exposure)


def disparity_from_nearness(
    nearness: Float[Tensor, "batch 1 height width"], disparity_range: float
) -> Float[Tensor, "batch 1 height width"]:
    """`D`: nearness turned round, its median in focus, its robust range `disparity_range` of the longer side.

    Outliers are held within that range on either side of the focal plane: a single wild pixel would cost the
    renderer hundreds of levels. Flat nearness gives 0.
    """
    ordered = nearness.flatten(1).sort(dim=1).values
    last = ordered.shape[1] - 1
    low, median, high = (
        ordered[:, round(quantile * last), None, None, None]
        for quantile in (ROBUST_RANGE[0], 0.5, ROBUST_RANGE[1])
    )
    spread = high - low
    # Rounding is no depth.
    flat = spread <= 1e-6 * torch.maximum(low.abs(), high.abs())
    largest = disparity_range * max(nearness.shape[-2:])
    disparity = (median - nearness) * (largest / torch.where(flat, 1.0, spread))
    return torch.where(flat, 0.0, disparity.clamp(-largest, largest))
