"""Methods that say something of one photograph: networks, published models, and knowing nothing."""

from dataclasses import dataclass
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.models.backends import DepthBackend, HDRBackend, RGBDHDREstimator
from rackfocus.optics.radiometry import apply_log_exposure, srgb_to_linear


@dataclass(frozen=True)
class Prediction:
    """What a method says of a photograph; none where it says nothing.

    Attributes:
        disparity: larger is farther, as `D` is.
        radiance: linear light, display white 1.
        in_pixels: whether `disparity` is `D`, and not known only up to scale and shift.
    """

    disparity: Float[Tensor, "1 1 height width"] | None
    radiance: Float[Tensor, "1 3 height width"] | None
    in_pixels: bool = False


class Predictor(Protocol):
    """A method with a name for the tables."""

    @property
    def name(self) -> str: ...

    def __call__(self, srgb: Float[Tensor, "1 3 height width"]) -> Prediction:
        """Look at a photograph, encoded, 0..1."""
        ...


@dataclass(frozen=True)
class Network:
    """Ours, or whatever else gives both halves.

    Attributes:
        name: for the tables.
        model: gives `D` and `E`.
        network_size_px: what the longer side is reduced to for the network; none is no reduction.
    """

    name: str
    model: RGBDHDREstimator
    network_size_px: int | None = None

    def __call__(self, srgb: Float[Tensor, "1 3 height width"]) -> Prediction:
        """`D` and radiance."""
        estimate = self.model(srgb, network_size_px=self.network_size_px)
        radiance = apply_log_exposure(srgb_to_linear(srgb), estimate.log_exposure)
        return Prediction(estimate.disparity, radiance, in_pixels=True)


@dataclass(frozen=True)
class Backends:
    """Published models: of depth, of HDR, or one of each.

    Attributes:
        name: for the tables.
        depth: gives nearness; without it, there is no disparity.
        hdr: gives log exposure; without it, there is no radiance.
    """

    name: str
    depth: DepthBackend | None = None
    hdr: HDRBackend | None = None

    def __call__(self, srgb: Float[Tensor, "1 3 height width"]) -> Prediction:
        """Relative disparity and radiance, as far as there is a model for them."""
        return Prediction(
            None if self.depth is None else -self.depth(srgb),
            None if self.hdr is None else apply_log_exposure(srgb_to_linear(srgb), self.hdr(srgb)),
        )


@dataclass(frozen=True)
class Nothing:
    """The photograph as it is: everything in focus, clipped. What any method has to beat.

    Attributes:
        name: for the tables.
    """

    name: str

    def __call__(self, srgb: Float[Tensor, "1 3 height width"]) -> Prediction:
        """`D = 0` and the clipped light."""
        return Prediction(torch.zeros_like(srgb[:, :1]), srgb_to_linear(srgb), in_pixels=True)


class NoHDR:
    """An HDR backend that recovers nothing: the light that the photograph clipped stays clipped."""

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
        """No log exposure anywhere."""
        return torch.zeros_like(srgb)


class OnePlane:
    """A depth backend that sees one plane. Aligned with the truth it is the best one of every picture."""

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """The same nearness everywhere."""
        return torch.zeros_like(srgb[:, :1])
