"""Video FID: Fréchet distance of two sets of clips by the features of I3D (Carreira & Zisserman 2017)."""

import math
import warnings
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from rackfocus.models.published.weights import find_weights
from rackfocus.reading.damage import reading

WEIGHTS = "i3d_torchscript.pt"
CLIP_FRAMES = 10
"""Frames of a clip, as in Any-to-Bokeh's evaluation; clips do not overlap, and a rest is left out."""
SIZE_PX = 224
"""Frames are resized to this height and width."""

_RAW = {"rescale": False, "resize": False, "return_features": True}
"""What StyleGAN-V's TorchScript of I3D is called with: pixels in -1..1 of the right size, features out."""


class I3DFeatures(nn.Module):
    """The features of clips by an I3D in TorchScript.

    Features over time and space are averaged. A TorchScript file is a program: take it from a source you
    trust.

    Args:
        weights: the file, or the name of a published one. A module of clips in -1..1, `(B, 3, T, 224, 224)`.

    Raises:
        InputError: the file is missing, no TorchScript, or does not take such clips.
    """

    def __init__(self, weights: str | Path = WEIGHTS) -> None:
        super().__init__()
        path = find_weights(weights)
        with reading(path, "is no TorchScript of I3D ({reason}); get the file anew."):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # torch reads such files by nothing else
                self.module: Any = torch.jit.load(str(path), map_location="cpu").eval()
            asked = {argument.name for argument in self.module.forward.schema.arguments}
            self._options = {name: value for name, value in _RAW.items() if name in asked}
            self.num_features = self(torch.zeros(1, 3, CLIP_FRAMES, SIZE_PX, SIZE_PX)).shape[1]

    @torch.inference_mode()
    def forward(self, clips: Float[Tensor, "batch 3 frame height width"]) -> Float[Tensor, "batch feature"]:
        """The features of clips in 0..1."""
        features = self.module(2 * clips - 1, **self._options)
        return features.flatten(2).mean(2) if features.ndim > 2 else features


class VideoFID:
    """Collects clips of videos and of their references, and gives the distance of the two sets.

    `|m - m'|^2 + tr(C + C' - 2 (C C')^(1/2))` of the mean and the covariance of their features (Heusel et al.
    2017), by torchmetrics. It needs many clips: with fewer than features, covariances have no full rank.

    Args:
        features: of clips in 0..1; how many they are is its attribute `num_features`.
    """

    def __init__(self, features: nn.Module) -> None:
        self._metric = FrechetInceptionDistance(features, normalize=True)

    def update(self, clip: Float[Tensor, "frame 3 height width"], *, real: bool) -> None:
        """Add a clip of `CLIP_FRAMES` frames, encoded in 0..1; `real`: of the references."""
        small = F.interpolate(clip, (SIZE_PX, SIZE_PX), mode="bilinear", antialias=True)
        self._metric.update(small.transpose(0, 1)[None], real=real)

    def compute(self) -> float:
        """The distance, at least 0 but for rounding; NaN if there are fewer than two clips of either set."""
        counts = (self._metric.real_features_num_samples, self._metric.fake_features_num_samples)
        return math.nan if min(int(count) for count in counts) < 2 else float(self._metric.compute())
