"""Predictors of disparity and light from one photograph: networks, published models, trivial baselines."""

from dataclasses import dataclass
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.device import CPU, download
from rackfocus.models.backends import DepthBackend, HDRBackend, RGBDHDREstimator
from rackfocus.optics.radiometry import apply_log_exposure, srgb_to_linear


@dataclass(frozen=True)
class Prediction:
    """A method's prediction for a photograph; `None`: not predicted.

    `disparity` is larger when farther, as `D`; it is `D` if `in_pixels`, otherwise known only up to scale and
    shift. `radiance` is linear light, display white 1.
    """

    disparity: Float[Tensor, "1 1 height width"] | None
    radiance: Float[Tensor, "1 3 height width"] | None
    in_pixels: bool = False


class Predictor(Protocol):
    """A method with a name for the tables."""

    @property
    def name(self) -> str: ...

    def __call__(self, srgb: Float[Tensor, "1 3 height width"]) -> Prediction:
        """Predict from an encoded photograph, 0..1."""
        ...


@dataclass(frozen=True)
class Network:
    """A network that predicts both `D` and `E`.

    Attributes:
        name: for the tables.
        model: predicts `D` and `E`.
        network_size_px: longer side to which the network's input is reduced. `None`: not reduced.
        device: on which it runs.
    """

    name: str
    model: RGBDHDREstimator
    network_size_px: int | None = None
    device: torch.device = CPU

    def __call__(self, srgb: Float[Tensor, "1 3 height width"]) -> Prediction:
        """`D` and radiance, on the host."""
        if isinstance(self.model, nn.Module):
            self.model.to(self.device)
        estimate = self.model(srgb.to(self.device), network_size_px=self.network_size_px)
        radiance = apply_log_exposure(srgb_to_linear(srgb), download(estimate.log_exposure))
        return Prediction(download(estimate.disparity), radiance, in_pixels=True)


@dataclass(frozen=True)
class Backends:
    """Published models of depth (they predict nearness), of HDR (log exposure), or one of each."""

    name: str
    depth: DepthBackend | None = None
    hdr: HDRBackend | None = None

    def __call__(self, srgb: Float[Tensor, "1 3 height width"]) -> Prediction:
        """Relative disparity and radiance, each if there is a model for it."""
        return Prediction(
            None if self.depth is None else -self.depth(srgb),
            None if self.hdr is None else apply_log_exposure(srgb_to_linear(srgb), self.hdr(srgb)),
        )


@dataclass(frozen=True)
class Nothing:
    """The trivial baseline: everything in focus, clipped light."""

    name: str

    def __call__(self, srgb: Float[Tensor, "1 3 height width"]) -> Prediction:
        """`D = 0` and the clipped light."""
        return Prediction(torch.zeros_like(srgb[:, :1]), srgb_to_linear(srgb), in_pixels=True)


class NoHDR:
    """An HDR backend that predicts no light beyond clipping."""

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
        """`E = 0` everywhere."""
        return torch.zeros_like(srgb)


class ConstantDepth:
    """A depth backend with constant nearness. After alignment with the truth it is the best constant map."""

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """The same nearness everywhere."""
        return torch.zeros_like(srgb[:, :1])
