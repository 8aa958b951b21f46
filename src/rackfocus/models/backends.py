"""The flexible system (Sec. 6.1): disparity and HDR by models of others, with the interface of RGBD-HDR."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.models.half_precision import half_precision
from rackfocus.types import RGBDHDR, InputError

ROBUST_RANGE = (0.02, 0.98)
"""The quantiles of nearness that define its robust range."""


class DepthBackend(Protocol):
    """A model that predicts relative depth."""

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """Nearness: relative inverse depth (larger is NEARER), up to a positive scale and a shift.

        Args:
            srgb: the encoded image in 0..1, of any size. The result has its size.
        """
        ...


@dataclass(frozen=True)
class VideoMoment:
    """Identifies the frame of a video that an image is: index from 0, display time from the first frame, and
    the number of frames. `None`: the container does not say.
    """

    index: int
    time_s: float
    frames: int | None = None


@runtime_checkable
class TimedDepthBackend(Protocol):
    """A source of nearness that depends on the frame of a video, such as recorded depth."""

    def nearness_at(
        self, srgb: Float[Tensor, "1 3 height width"], moment: VideoMoment
    ) -> Float[Tensor, "1 1 height width"]:
        """Nearness, as from `DepthBackend`, of one frame of a video.

        Args:
            srgb: the encoded image in 0..1, of any size. The result has its size.
            moment: which frame it is.
        """
        ...


class HDRBackend(Protocol):
    """A model that predicts light beyond the clipping of an image."""

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
        """Log exposure `E >= 0`: radiance is `linear_rgb * exp(50 * E)` (Eq. 4).

        Args:
            srgb: the encoded image in 0..1, of any size. The result has its size.
        """
        ...


class RGBDHDREstimator(Protocol):
    """The interface of RGBD-HDR estimators: `RGBDHDRNet`, or a combination of other models."""

    def __call__(
        self, srgb: Float[Tensor, "batch 3 height width"], *, network_size_px: int | None = None
    ) -> RGBDHDR:
        """`D` and `E` of an image; see `RGBDHDRNet.forward`."""
        ...


@dataclass(frozen=True)
class NearnessScale:
    """The mapping from relative nearness to disparity, constant over a shot, so that disparity does not
    change when near objects enter or leave.

    Attributes:
        in_focus: the nearness that is mapped to disparity 0.
        spread: the difference of nearness that is mapped to `disparity_range`; infinite where nearness is
            constant, which gives disparity 0.
    """

    in_focus: Float[Tensor, "batch 1 1 1"]
    spread: Float[Tensor, "batch 1 1 1"]


class CompositeEstimator(nn.Module):
    """An RGBD-HDR estimator whose disparity, log exposure or both come from other models.

    Args:
        network: estimates what no backend does; it is not run if both backends are given.
        depth: replaces its disparity.
        hdr: replaces its log exposure.
        disparity_range: range of `D`, as a share of the longer side of the image, to which a backend's
            nearness is scaled. Depth models do not know the aperture, so the user chooses it.

    Raises:
        InputError: disparity or log exposure has no source, or the range is not positive.
    """

    def __init__(
        self,
        network: RGBDHDREstimator | None = None,
        *,
        depth: DepthBackend | TimedDepthBackend | None = None,
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
        self,
        srgb: Float[Tensor, "batch 3 height width"],
        *,
        network_size_px: int | None = None,
        moments: Sequence[VideoMoment] | None = None,
        scales: Sequence[NearnessScale | None] | None = None,
    ) -> RGBDHDR:
        """Estimate `D` and `E`.

        Args:
            srgb: the encoded image in 0..1, of any size.
            network_size_px: as in `RGBDHDRNet`; backends have sizes of their own.
            moments: which frame of a video each image is; needed for recorded depth.
            scales: for each image the scale of its shot, by `nearness_scale`. `None`: it has its own scale.

        Raises:
            InputError: the recording has no depth for this frame.
        """
        estimate = None
        if self.network is not None and (self.depth is None or self.hdr is None):
            with half_precision(self.network, srgb.device):
                estimate = self.network(srgb, network_size_px=network_size_px)
        if self.depth is not None:
            nearness = self._nearness(srgb, moments).split(1)
            disparity = torch.cat(
                [
                    disparity_from_nearness(each, self.disparity_range, scale)
                    for each, scale in zip(nearness, scales or [None] * len(nearness), strict=True)
                ]
            )
        else:
            assert estimate is not None
            disparity = estimate.disparity
        if self.hdr is not None:
            log_exposure = self.hdr(srgb)
        else:
            assert estimate is not None
            log_exposure = estimate.log_exposure
        return RGBDHDR(disparity, log_exposure)

    def nearness_scale(
        self, srgb: Float[Tensor, "1 3 height width"], moment: VideoMoment | None = None
    ) -> NearnessScale | None:
        """The scale of a shot, from one of its frames, encoded. `None`: there is no depth backend, or the
        frame is flat.

        Raises:
            InputError: the recording has no depth for this frame.
        """
        if self.depth is None:
            return None
        scale = nearness_scale(self._nearness(srgb, None if moment is None else [moment]))
        return None if bool(scale.spread.isinf()) else scale

    def _nearness(
        self, srgb: Float[Tensor, "batch 3 height width"], moments: Sequence[VideoMoment] | None
    ) -> Float[Tensor, "batch 1 height width"]:
        if not isinstance(self.depth, TimedDepthBackend):
            assert self.depth is not None
            return self.depth(srgb)
        if moments is None:
            raise InputError(
                "Recorded depth belongs to a video and cannot be used for single pictures; choose another "
                "model/depth."
            )
        return torch.cat([self.depth.nearness_at(*each) for each in zip(srgb.split(1), moments, strict=True)])


def nearness_scale(nearness: Float[Tensor, "batch 1 height width"]) -> NearnessScale:
    """The scale that puts the median of nearness in focus and maps its robust range to that of disparity."""
    ordered = nearness.flatten(1).sort(dim=1).values
    last = ordered.shape[1] - 1
    low, median, high = (
        ordered[:, round(quantile * last), None, None, None]
        for quantile in (ROBUST_RANGE[0], 0.5, ROBUST_RANGE[1])
    )
    spread = high - low
    # Differences due to rounding are not depth.
    flat = spread <= 1e-6 * torch.maximum(low.abs(), high.abs())
    return NearnessScale(median, torch.where(flat, torch.inf, spread))


def disparity_from_nearness(
    nearness: Float[Tensor, "batch 1 height width"],
    disparity_range: float,
    scale: NearnessScale | None = None,
) -> Float[Tensor, "batch 1 height width"]:
    """`D` from nearness (larger is nearer): reversed, its median at 0, its robust range scaled to
    `disparity_range`, a share of the longer side of the image.

    `scale` has the nearness in focus and the range; `None`: they are those of each image. Outliers are
    clamped to that range on either side of the focal plane: a single wrong pixel would add hundreds of levels
    to the renderer. Constant nearness gives 0.
    """
    scale = nearness_scale(nearness) if scale is None else scale
    largest = disparity_range * max(nearness.shape[-2:])
    disparity = (scale.in_focus - nearness) * (largest / scale.spread)
    return disparity.clamp(-largest, largest)
